-- When each KPI was computed for each past day, by the end of as_of.
--
-- Columns:
--   view    key  KPI, by the name of its file and metrics.
--   day     key  Day at whose end, in the reporting zone, the KPI is told.
--   runs    fact Its computations as (when, why, facts that arrived since the one before), in order, Array(Tuple(DateTime64, String, Array(Tuple(String, UInt64, Date, Date)))); the facts as (table, rows, first day, last day).
--   told_at fact When it was last computed.

select
    toString(k.view) as view, k.as_of as day,
    arraySort(r -> r.1, groupArray((k.computed_at, toString(k.reason), arrayMap(f -> (toString(f.1), f.2, f.3, f.4), k.facts)))) as runs,
    runs[-1].1 as told_at
from cs.kpi_runs as k
where k.as_of <= {as_of:Date}
    and k.computed_at < toDateTime64({as_of:Date} + 1, 3, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date}))))
group by k.view, k.as_of
