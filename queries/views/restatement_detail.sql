-- The series behind how far last month's closing numbers moved.
--
-- One row for each series of a gauge on the last day of the month before that of the day: the value first reported, and the one
-- reported by the end of the day. Where the definition has changed since, the first value is the first one by the new definition. (Not of this KPI itself.)
--
-- Columns:
--   day             key   Day.
--   kpi             label View and column, as nrr.ratio.
--   labels          key   Labels of the series, by name, Map(String, String).
--   closed_on       fact  Last day of the month before that of the day.
--   old             fact  Value first reported; null: none.
--   new             fact  Value reported by the day; null: none.
--   moved           part  Distance between the two, where one that is not there is 0; in the unit of the column.
--   told            part  Size of the value first reported, in the unit of the column.
--   restated_series part  1 where they differ.
--   told_at         fact  When it was first reported.
--   restated_at     fact  When the KPI was last computed for that day.

with assumeNotNull((select zone from reporting_zone)) as zone

select
    day, kpi, labels, closed_on, old, new,
    -- Exact, as sums of them must be; what is larger than any amount counts as that.
    toDecimal128(least(abs(ifNull(new, 0) - ifNull(old, 0)), 1e18), 6) as moved,
    toDecimal128(least(abs(ifNull(old, 0)), 1e18), 6) as told,
    toUInt8(old is null != new is null or ifNull(old, 0) != ifNull(new, 0)) as restated_series,
    told_at, restated_at
from (
    select
        p.day as day, d.kpi as kpi, d.labels as labels, d.closed_on as closed_on,
        -- What had been computed by the end of the day.
        arrayFilter(r -> toDate(r.1, zone) <= p.day, t.runs) as known,
        arrayLast((r, n) -> n = 1 or r.2 = 'definition', known, arrayEnumerate(known)).1 as told_at, known[-1].1 as restated_at,
        arrayFilter(v -> v.1 <= restated_at, d.versions) as seen,
        arrayLast(v -> v.1 <= told_at, seen).2 as old, seen[-1].2 as new
    from (
        select
            toString(x.view) as view, concat(view, '.', toString(x.column)) as kpi, x.labels as labels, x.as_of as closed_on,
            arraySort(v -> v.1, groupArray((x.computed_at, x.value, length(x.distribution.1)))) as versions
        from kpi_daily as x
        where x.as_of = toLastDayOfMonth(x.as_of) and x.view != 'restatement'
        group by view, kpi, x.series, labels, closed_on
    ) as d
    join (
        select toString(k.view) as view, k.as_of as closed_on, arraySort(groupArray((k.computed_at, toString(k.reason)))) as runs
        from kpi_runs as k
        where k.as_of = toLastDayOfMonth(k.as_of)
        group by view, closed_on
    ) as t on t.view = d.view and t.closed_on = d.closed_on
    join (select day, toStartOfMonth(day) - 1 as closed_on from policy_days) as p on p.closed_on = d.closed_on
    where notEmpty(known) and notEmpty(seen) and not arrayExists(v -> v.3 > 0, seen)
) as series
