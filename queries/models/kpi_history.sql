-- KPIs of past days, as they were told by the end of as_of.
--
-- One row for each series of each day up to as_of that has a value; days that have closed are kept by cskpi serve and
-- cskpi backfill. The latest computation by then counts, so as_of = today() gives what is told now, and an earlier day what
-- was told by its end.
--
-- Columns:
--   view         key  KPI, by the name of its file and metrics.
--   column       key  Column of the KPI: a gauge or a histogram.
--   labels       key  Labels, by name, Map(String, String).
--   day          key  Day at whose end, in the reporting zone, the KPI is told.
--   value        fact Value of a gauge; null: a histogram.
--   distribution fact Value of a histogram: bounds, cumulative counts, sum, native buckets, zeros; empty: a gauge.
--   computed_at  fact When the value was found.
--   told_at      fact When the KPI was last computed for the day.

select
    view, column, labels, day,
    latest.1 as value, latest.2 as distribution, latest.3 as computed_at, told_at
from (
    select
        toString(d.view) as view, toString(d.column) as column, d.labels as labels, d.as_of as day, t.told_at as told_at,
        argMax((d.value, d.distribution, d.computed_at), d.computed_at) as latest
    from cs.kpi_daily as d
    inner join cs.kpi_told(as_of = {as_of:Date}) as t on t.view = d.view and t.day = d.as_of
    where d.as_of <= {as_of:Date} and d.computed_at <= t.told_at
    group by d.view, d.column, d.series, d.labels, d.as_of, t.told_at
) as told
where latest.1 is not null or notEmpty(latest.2.1)
