-- The twenty most frequent severities of the tickets of each day.
--
-- Columns:
--   day   key  Day.
--   names fact Severities, Array(String).

select day, arrayMap(x -> x.2, arraySlice(arraySort(x -> (-x.1, x.2), groupArray((tickets, name))), 1, 20)) as names
from (select day, name, toInt64(count()) as tickets from tickets_by_day group by day, name) as counts
group by day
