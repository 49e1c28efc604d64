-- What boards mark on their time axis: quarters of the fiscal year, changes of settings and of definitions.
--
-- Quarters of the last five fiscal years, by the latest day that is computed. Settings that hold since ever are no change, nor are
-- those that repeat a value. A definition has changed on the day on which past days were first computed by it.
--
-- Columns:
--   day  key  First day on which it holds.
--   kind key  fiscal_quarter, setting or definition.
--   text key  What it is.

with assumeNotNull((select zone from reporting_zone)) as zone

select day, kind, text
from (
    select
        addMonths(p.starts_on, 3 * quarter) as day,
        'fiscal_quarter' as kind,
        concat('Q', toString(1 + modulo(quarter + 20, 4)), ' of the fiscal year from ', toString(addMonths(p.starts_on, 3 * (quarter - modulo(quarter + 20, 4))))) as text
    from (select argMax(fiscal_year_starts_on, x.day) as starts_on, max(x.day) as latest from policy_days as x) as p
    array join arrayMap(q -> toInt32(q) - 16, range(20)) as quarter
    where addMonths(p.starts_on, 3 * quarter) <= p.latest
    union all
    select
        starts_on as day,
        'setting' as kind,
        concat(name, ' = ', value, if(segment = '', '', concat(' for segment ', segment)), if(phase = '', '', concat(' in phase ', phase))) as text
    from (
        select
            toString(s.name) as name, toString(s.segment) as segment, toString(s.phase) as phase, starts_on,
            argMax(s.value, (s.updated_at, s.ingested_at)) as value,
            lagInFrame(value) over (partition by name, segment, phase order by starts_on rows between 1 preceding and current row) as previous
        from stored_settings as s final
        group by s.name, s.segment, s.phase, starts_on
    ) as given
    where starts_on > toDate(0) and value != previous
    union all
    select
        toDate(min(k.computed_at), zone) as day,
        'definition' as kind,
        concat(toString(k.view), ' is computed by another definition') as text
    from kpi_runs as k
    where k.reason = 'definition'
    group by k.view, k.definition
) as marks
