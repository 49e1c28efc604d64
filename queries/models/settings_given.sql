-- What was set, for each segment and lifecycle phase that it holds for.
--
-- What was set for a segment goes before what was set for a phase, and both go before what was set for all; of the same, the
-- later one holds.
--
-- Columns:
--   name      key  Setting.
--   segment   key  Touch model; empty: where none applies.
--   phase     key  Lifecycle phase; empty: where none applies.
--   value     fact Value.
--   starts_on fact First day on which it holds.

select name, of_segment as segment, of_phase as phase, latest.1 as value, latest.2 as starts_on
from (
    select
        toString(s.name) as name, of_segment, of_phase,
        argMax((s.value, s.starts_on), (2 * (s.segment != '') + (s.phase != ''), s.starts_on, s.updated_at, s.ingested_at)) as latest
    from cs.settings as s
    array join if(s.segment = '', ['', 'high', 'low', 'tech'], [toString(s.segment)]) as of_segment
    array join if(s.phase = '', ['', 'onboarding', 'adoption', 'growth', 'leaving'], [toString(s.phase)]) as of_phase
    where s.starts_on <= {as_of:Date}
    group by name, of_segment, of_phase
) as resolved
