-- Days that the new events touch, in the reporting time zone, with the number of new events, by partition.

select toString(_partition_id) as partition, {day} as day, count() as events
from stored_usage_events
where {new}
group by partition, day
order by partition, day
