-- Values of past days that were reported and differ since.
--
-- One row for each time that a series of a day that had been reported was computed again and is another one. The facts are
-- those that had arrived since the computation before and touch days up to that one, in tables that the KPI reads.
--
-- Columns:
--   day              key  Day at whose end, in the reporting zone, the KPI stands.
--   view             key  KPI, by the name of its file and metrics.
--   column           key  Column of the KPI: a gauge or a histogram.
--   labels           key  Labels, by name, Map(String, String).
--   restated_at      key  When it was computed again.
--   told_at          fact When it had been computed before.
--   old              fact Value that had been reported; null: none, or a histogram.
--   new              fact Value that is reported since; null: none, or a histogram.
--   old_distribution fact Value of a histogram that had been reported: bounds, cumulative counts, sum, native buckets, zeros; empty: none, or a gauge.
--   new_distribution fact Value of a histogram that is reported since.
--   reason           fact Why it was computed again: facts, settings, definition, or asked.
--   facts            fact Facts that had arrived as (table, rows, first day, last day), Array(Tuple(String, UInt64, Date, Date)); 1970-01-01: since ever; rows of usage_events are days.

select
    day, view, column, labels, run.1 as restated_at, told_at,
    before.2 as old, after.2 as new, before.3 as old_distribution, after.3 as new_distribution,
    run.2 as reason, run.3 as facts
from (
    select
        day, view, column, labels, pair.1 as run, pair.2 as told_at,
        arrayLast(v -> v.1 <= pair.2, versions) as before,
        arrayLast(v -> v.1 <= pair.1.1, versions) as after
    from (
        select
            d.as_of as day, toString(d.view) as view, toString(d.column) as column, d.labels as labels, t.runs as runs,
            arraySort(v -> v.1, groupArray((d.computed_at, d.value, d.distribution))) as versions
        from kpi_daily as d
        join (select day, view, runs from kpi_told where length(runs) > 1) as t on t.view = d.view and t.day = d.as_of
        where (d.view, d.as_of) in (select view, as_of from kpi_runs where reason != 'first' and changed > 0)
        group by day, view, column, d.series, labels, runs
    ) as series
    array join arrayMap((run, earlier) -> (run, earlier.1), arrayPopFront(runs), arrayPopBack(runs)) as pair
) as pairs
where toString((before.2, before.3)) != toString((after.2, after.3))
