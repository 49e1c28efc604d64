// cskpi for monitoring repositories that are made of mixins: grafanaDashboards, prometheusAlerts and prometheusRules, as they
// are committed here. `jb install <this repository>/deploy/mixin`, or copy deploy/mixin, deploy/prometheus/rules and dashboards.
//
//   local cskpi = import 'cskpi/deploy/mixin/mixin.libsonnet';
//   cskpi { _config+:: { language: 'ja' } }
//
// Without jsonnet: the rules are plain YAML in deploy/prometheus/rules (rule_files), the boards plain JSON in dashboards/en and
// dashboards/ja (Grafana's provisioning, or cskpi grafana push).
local files = import 'files.libsonnet';

{
  _config+:: {
    language: 'en',  // of the boards: en or ja
    // Labels that all alerts get beside their own, such as {team: 'cs-ops'}.
    labels: {},
  },
  local config = self._config,

  grafanaDashboardFolder: if config.language == 'ja' then 'カスタマーサクセス' else 'Customer Success',
  grafanaDashboards+:: {
    [uid + '.json']: files.boards[config.language][uid]
    for uid in std.objectFields(files.boards[config.language])
  },

  local groups = std.flattenArrays([std.parseYaml(text).groups for text in files.rules]),
  local with(keep, change) = [
    group { rules: [change(rule) for rule in group.rules if keep(rule)] }
    for group in groups
    if std.length([rule for rule in group.rules if keep(rule)]) > 0
  ],
  prometheusAlerts+:: {
    groups+: with(function(rule) std.objectHas(rule, 'alert'), function(rule) rule { labels+: config.labels }),
  },
  prometheusRules+:: {
    groups+: with(function(rule) std.objectHas(rule, 'record'), function(rule) rule),
  },
}
