-- KPIs of past days, as they are reported now.
--
-- One row for each series of each day that has a value. The latest computation counts; kpi_restatements has what was reported before.
--
-- Columns:
--   day          key  Day at whose end, in the reporting zone, the KPI stands.
--   view         key  KPI, by the name of its file and metrics.
--   column       key  Column of the KPI: a gauge or a histogram.
--   labels       key  Labels, by name, Map(String, String).
--   value        fact Value of a gauge; null: a histogram.
--   distribution fact Value of a histogram: bounds, cumulative counts, sum, native buckets, zeros; empty: a gauge.
--   computed_at  fact When the value was found.
--   told_at      fact When the KPI was last computed for the day.

select
    day, view, column, labels,
    latest.1 as value, latest.2 as distribution, latest.3 as computed_at, told_at
from (
    select
        d.as_of as day, toString(d.view) as view, toString(d.column) as column, d.labels as labels, t.told_at as told_at,
        argMax((d.value, d.distribution, d.computed_at), d.computed_at) as latest
    from kpi_daily as d
    join (
        select as_of as day, toString(k.view) as view, max(k.computed_at) as told_at
        from kpi_runs as k
        group by day, view
    ) as t on t.view = d.view and t.day = d.as_of
    -- A run that was cut short has left rows and no run: nothing was reported.
    where d.computed_at <= t.told_at
    group by day, view, column, d.series, labels, told_at
) as told
where latest.1 is not null or notEmpty(latest.2.1)
