-- When each KPI was computed for each past day.
--
-- Columns:
--   day     key  Day at whose end, in the reporting zone, the KPI stands.
--   view    key  KPI, by the name of its file and metrics.
--   runs    fact Its computations as (when, why, facts that arrived since the one before), in order, Array(Tuple(DateTime64, String, Array(Tuple(String, UInt64, Date, Date)))); the facts as (table, rows, first day, last day).
--   told_at fact When it was last computed.

select
    as_of as day, toString(k.view) as view,
    arraySort(r -> r.1, groupArray((k.computed_at, toString(k.reason), arrayMap(f -> (toString(f.1), f.2, f.3, f.4), k.facts)))) as runs,
    max(k.computed_at) as told_at
from kpi_runs as k
group by day, view
