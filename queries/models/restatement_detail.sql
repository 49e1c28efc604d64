-- The series behind how far last month's closing numbers moved.
--
-- One row for each series of a gauge on the last day of the month before that of as_of: what was told first, and what is
-- told by the end of as_of. (Not of this KPI itself.)
--
-- Columns:
--   kpi             label View and column, as nrr.ratio.
--   labels          key   Labels of the series, by name, Map(String, String).
--   day             fact  Last day of the month before that of as_of.
--   old             fact  Value that was told first; null: none.
--   new             fact  Value that is told by as_of; null: none.
--   moved           part  Distance between the two, where one that is not there is 0; in the unit of the column.
--   told            part  Size of what was told first; in the unit of the column.
--   restated_series part  1 where they differ.
--   told_at         fact  When it was told first.
--   restated_at     fact  When the KPI was last computed for that day.

select
    kpi, labels, day, old, new,
    -- Exact, as sums of them must be; what is larger than any amount counts as that.
    toDecimal128(least(abs(ifNull(new, 0) - ifNull(old, 0)), 1e18), 6) as moved,
    toDecimal128(least(abs(ifNull(old, 0)), 1e18), 6) as told,
    toUInt8(old is null != new is null or ifNull(old, 0) != ifNull(new, 0)) as restated_series,
    told_at, restated_at
from (
    select
        concat(toString(d.view), '.', toString(d.column)) as kpi, d.labels as labels, d.as_of as day,
        arraySort(v -> v.1, groupArray((d.computed_at, d.value, length(d.distribution.1)))) as versions,
        arrayLast(v -> v.1 <= t.runs[1].1, versions).2 as old, versions[-1].2 as new,
        t.runs[1].1 as told_at, t.told_at as restated_at
    from cs.kpi_daily as d
    inner join cs.kpi_told(as_of = {as_of:Date}) as t on t.view = d.view and t.day = d.as_of
    where d.as_of = toStartOfMonth({as_of:Date}) - 1 and d.computed_at <= t.told_at and d.view != 'restatement'
    group by d.view, d.column, d.series, d.labels, d.as_of, t.runs, t.told_at
    having not arrayExists(v -> v.3 > 0, versions)
) as series
