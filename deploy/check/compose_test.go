// Package check holds what deploys cskpi to the parsers of those who will read it. It is a module of its own, so that the
// product depends on none of them.
package check

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"sigs.k8s.io/yaml"
)

const root = "../.."

func compose(t *testing.T, env []string, profiles []string, files ...string) *types.Project {
	t.Helper()
	for i := range files {
		files[i] = filepath.Join(root, files[i])
	}
	o, err := cli.NewProjectOptions(files, cli.WithWorkingDirectory(root), cli.WithEnv(env), cli.WithProfiles(profiles))
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.LoadProject(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pinned is an image with a whole version, or a digest.
var pinned = regexp.MustCompile(`:v?[0-9]+\.[0-9]+\.[0-9]+|@sha256:[0-9a-f]{64}$`)

func TestCompose(t *testing.T) {
	p := compose(t, nil, []string{"demo"}, "docker-compose.yml")
	want := []string{"alertmanager", "clickhouse", "cskpi", "demo-facts", "demo-history", "demo-past-days", "grafana", "prometheus", "secrets"}
	if got := p.ServiceNames(); !slices.Equal(got, want) {
		t.Errorf("got the services %q, want %q", got, want)
	}
	plain := compose(t, nil, nil, "docker-compose.yml")
	for name, s := range p.Services {
		demo := slices.Contains(s.Profiles, "demo")
		if _, started := plain.Services[name]; started == demo {
			t.Errorf("%s: of the demo: %t, started without it: %t", name, demo, started)
		}
		if s.Build == nil && !pinned.MatchString(s.Image) {
			t.Errorf("%s: the image %s has no whole version", name, s.Image)
		}
		if s.MemLimit == 0 {
			t.Errorf("%s has no memory limit", name)
		}
		if !s.ReadOnly || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || !slices.Contains(s.CapDrop, "ALL") || s.Privileged {
			t.Errorf("%s is not hardened", name)
		}
		if s.Restart == "no" != demo && name != "secrets" {
			t.Errorf("%s: restart %s", name, s.Restart)
		}
		if !demo && name != "secrets" && (s.HealthCheck == nil || s.HealthCheck.Disable || len(s.HealthCheck.Test) < 2) {
			t.Errorf("%s has no healthcheck", name)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is open to other machines", name, port.Published)
			}
		}
		for variable, value := range s.Environment {
			if value != nil && regexp.MustCompile(`(?i)password|secret|token`).MatchString(variable) && !strings.HasSuffix(variable, "_FILE") {
				t.Errorf("%s: the secret %s stands in the environment", name, variable)
			}
		}
		for _, v := range s.Volumes {
			switch v.Type {
			case types.VolumeTypeVolume:
				if _, known := p.Volumes[v.Source]; !known {
					t.Errorf("%s: there is no volume %s", name, v.Source)
				}
			case types.VolumeTypeBind:
				if !v.ReadOnly {
					t.Errorf("%s may write to %s", name, v.Source)
				}
				if strings.Contains(v.Source, "/data/secrets/") {
					continue // made by whoever has some
				}
				if _, err := os.Stat(v.Source); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		for on := range s.DependsOn {
			if _, known := p.Services[on]; !known {
				t.Errorf("%s waits for %s, which there is not", name, on)
			}
		}
	}
	// A port that other containers reach says explicitly who may read there, and Prometheus calls it by a name that is listed.
	for name, s := range p.Services {
		env := map[string]string{}
		for variable, value := range s.Environment {
			if value != nil {
				env[variable] = *value
			}
		}
		if s.Image == "cskpi:local" && (guarded(env) != "" || !slices.Contains(strings.Split(env["CSKPI_LISTEN_PUBLIC"], ","), "cskpi") || env["CSKPI_ENGINE_REQUIRE_USERS"] != "true") {
			t.Errorf("%s: %s in %v", name, guarded(env), env)
		}
	}
	// Receipts of erasures must outlast the container.
	if !slices.ContainsFunc(p.Services["cskpi"].Volumes, func(v types.ServiceVolumeConfig) bool {
		return v.Type == types.VolumeTypeVolume && v.Target == "/data" && !v.ReadOnly
	}) || !strings.Contains(read(t, "deploy/Dockerfile"), "CSKPI_DATA_DIR=/data CSKPI_INTAKE_LISTEN=off\nUSER 65532:65532\nVOLUME /data") {
		t.Error("cskpi has no volume at /data, its data folder")
	}
	// Past days must have the labels of scrapes, and Prometheus must keep them.
	if c := strings.Join(p.Services["demo-history"].Command, " "); !strings.Contains(c, "--instance cskpi:11469") {
		t.Errorf("past days have other labels than the scrapes of %s/deploy/prometheus/prometheus.yml: %s", root, c)
	}
	if text := read(t, "deploy/prometheus/prometheus.yml"); !strings.Contains(text, "targets: [cskpi:11469]") || !strings.Contains(text, "job_name: cskpi\n") {
		t.Error("prometheus.yml does not scrape job cskpi at cskpi:11469")
	}
	if c := p.Services["prometheus"].Command; !slices.Contains(c, "--storage.tsdb.retention.time=5y") {
		t.Errorf("Prometheus would delete the past: %q", c)
	}
}

// knows tells whether the source of cskpi's configuration has a variable, or a secret that a file of this name holds.
func knows(source, variable string) bool {
	return strings.Contains(source, `"`+variable+`"`) || strings.Contains(source, `"`+strings.TrimSuffix(variable, "_FILE")+`"`)
}

// guarded says which port of cskpi other machines would reach without that the environment says who may come in.
func guarded(env map[string]string) string {
	for port, needs := range map[string][]string{
		"CSKPI_LISTEN":        {"CSKPI_LISTEN_PUBLIC", "CSKPI_WEB_CONFIG_FILE"},
		"CSKPI_ENGINE_LISTEN": {"CSKPI_ENGINE_WEB_CONFIG_FILE"},
	} {
		local := env[port] == "" || strings.HasPrefix(env[port], "127.0.0.1:")
		if !local && !slices.ContainsFunc(needs, func(n string) bool { return env[n] != "" }) {
			return port + " needs one of " + strings.Join(needs, ", ")
		}
	}
	return ""
}

// TestComposeIntake: the intake is open only to those who have a token.
func TestComposeIntake(t *testing.T) {
	p := compose(t, []string{"CSKPI_TOKENS=./tokens.yaml"}, nil, "docker-compose.yml", "deploy/compose.intake.yml")
	s := p.Services["cskpi"]
	if s.Environment["CSKPI_INTAKE_TOKENS"] == nil || s.Environment["CSKPI_CLICKHOUSE_URL_FILE"] == nil || len(s.Ports) != 2 || len(s.Volumes) != 3 {
		t.Errorf("got %+v", s)
	}
	o, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml"), filepath.Join(root, "deploy/compose.intake.yml")}, cli.WithWorkingDirectory(root))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.LoadProject(context.Background()); err == nil || !strings.Contains(err.Error(), "CSKPI_TOKENS") {
		t.Errorf("without a file of tokens: %v", err)
	}
}

// TestComposeVariables: what cskpi is given is what it knows, and its server finds the users that ClickHouse has.
func TestComposeVariables(t *testing.T) {
	known := read(t, "exporter/config/config.go")
	for name := range compose(t, nil, nil, "docker-compose.yml").Services["cskpi"].Environment {
		if strings.HasPrefix(name, "CSKPI_") && !knows(known, name) {
			t.Errorf("cskpi does not know %s", name)
		}
	}
	secrets, users := read(t, "deploy/make-secrets.sh"), read(t, "deploy/clickhouse/users.d/cskpi.xml")
	for _, m := range regexp.MustCompile(`incl="([^"]+)"`).FindAllStringSubmatch(users, -1) {
		if !strings.Contains(secrets, "<"+m[1]+">") {
			t.Errorf("make-secrets.sh makes no %s", m[1])
		}
	}
	if !strings.Contains(secrets, "clickhouse://cskpi:") || !strings.Contains(users, "<cskpi>") {
		t.Error("cskpi and ClickHouse disagree about the user")
	}
}

func TestDockerfile(t *testing.T) {
	text := read(t, "deploy/Dockerfile")
	result, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range result.Warnings {
		t.Errorf("line %v: %s", w.Location, w.Short)
	}
	var warnings []string
	stages, _, err := instructions.Parse(result.AST, linter.New(&linter.Config{
		Warn: func(rule, _, _, message string, location []parser.Range) {
			line := 0
			if len(location) > 0 {
				line = location[0].Start.Line
			}
			warnings = append(warnings, "line "+strconv.Itoa(line)+": "+rule+": "+message)
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) > 0 {
		t.Errorf("BuildKit's linter says:\n%s", strings.Join(warnings, "\n"))
	}
	named := map[string]bool{"scratch": true}
	ignored := read(t, ".dockerignore")
	for _, s := range stages {
		if !named[s.BaseName] && !pinned.MatchString(s.BaseName) && !strings.HasPrefix(s.BaseName, "node:24-") { // of which only a library is taken, by its lock file
			t.Errorf("%s has no whole version", s.BaseName)
		}
		named[s.Name] = true
		var user, check, entry bool
		for _, c := range s.Commands {
			switch c := c.(type) {
			case *instructions.EnvCommand:
				// Who runs the image says what is open.
				for _, v := range c.Env {
					if strings.HasSuffix(v.Key, "_LISTEN") && v.Value != "off" {
						t.Errorf("%s listens at %s", s.Name, v.String())
					}
				}
			case *instructions.UserCommand:
				user = c.User == "65532:65532"
			case *instructions.HealthCheckCommand:
				check = slices.Equal(c.Health.Test, []string{"CMD", "/cskpi", "healthcheck"})
			case *instructions.EntrypointCommand:
				entry = !c.PrependShell && slices.Equal(c.CmdLine, []string{"/cskpi"})
			case *instructions.CopyCommand:
				if c.From != "" && !named[c.From] {
					t.Errorf("there is no stage %s before it is copied from", c.From)
				}
				for _, source := range c.SourcePaths {
					if c.From != "" {
						continue
					}
					if _, err := os.Stat(filepath.Join(root, source)); err != nil {
						t.Error(err)
					}
					if !regexp.MustCompile(`(?m)^!` + regexp.QuoteMeta(strings.SplitN(source, "/", 2)[0]) + `(/|$)`).MatchString(ignored) {
						t.Errorf("%s is copied and stands in .dockerignore", source)
					}
				}
			case *instructions.RunCommand:
				if s.Name == "server" || s.Name == "engine" {
					t.Errorf("%s has no shell to run %s", s.Name, c)
				}
			}
		}
		if final := s.Name == "server" || s.Name == "engine"; final && !(user && check && entry) {
			t.Errorf("%s: user %t, healthcheck %t, entrypoint %t", s.Name, user, check, entry)
		}
	}
	if last := stages[len(stages)-1]; last.Name != "server" || last.BaseName != "scratch" {
		t.Errorf("what is built by default is %s from %s", last.Name, last.BaseName)
	}
	if version := regexp.MustCompile(`(?m)^go ([0-9.]+)$`).FindStringSubmatch(read(t, "go.mod"))[1]; !strings.Contains(text, "golang:"+version[:4]) {
		t.Errorf("go.mod asks for Go %s", version)
	}
}

// TestProvisioning: Grafana finds the boards and datasources by names that fit the compose file.
func TestProvisioning(t *testing.T) {
	p := compose(t, nil, nil, "docker-compose.yml")
	var sources struct {
		APIVersion  int `json:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access, URL string
			IsDefault                    bool
			JSONData, SecureJSONData     map[string]any
		}
	}
	strict(t, "deploy/grafana/provisioning/datasources/cskpi.yml", &sources)
	types := map[string]bool{}
	for _, d := range sources.Datasources {
		types[d.Type] = true
		host, _ := d.JSONData["host"].(string)
		if d.URL != "" {
			host = strings.Split(strings.TrimPrefix(d.URL, "http://"), ":")[0]
		}
		if _, known := p.Services[host]; !known {
			t.Errorf("%s is at %q, which is no service", d.Name, host)
		}
		for name, value := range d.SecureJSONData {
			if text, ok := value.(string); !ok || !strings.HasPrefix(text, "$__file{/run/grafana/") {
				t.Errorf("%s: %s is no file", d.Name, name)
			}
		}
	}
	if !types["prometheus"] || !types["grafana-clickhouse-datasource"] {
		t.Errorf("got datasources of %v", types)
	}
	var boards struct {
		APIVersion int `json:"apiVersion"`
		Providers  []struct {
			Name, Folder, FolderUID, Type string
			DisableDeletion               bool
			AllowUIUpdates                bool `json:"allowUiUpdates"`
			UpdateIntervalSeconds         int
			Options                       struct{ Path string }
		}
	}
	strict(t, "deploy/grafana/provisioning/dashboards/cskpi.yml", &boards)
	if len(boards.Providers) != 2 {
		t.Fatalf("got %d folders", len(boards.Providers))
	}
	for _, b := range boards.Providers {
		if !slices.ContainsFunc(p.Services["grafana"].Volumes, func(v typesVolume) bool { return v.Target == b.Options.Path }) {
			t.Errorf("nothing is mounted at %s", b.Options.Path)
		}
	}
}

type typesVolume = types.ServiceVolumeConfig

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// strict reads YAML and takes no field that is not known.
func strict(t *testing.T, file string, into any) {
	t.Helper()
	for i, part := range bytes.Split([]byte(read(t, file)), []byte("\n---\n")) {
		if err := yaml.UnmarshalStrict(part, into); err != nil {
			t.Errorf("%s, document %d: %v", file, i+1, err)
		}
	}
}
