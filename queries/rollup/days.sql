-- Days that the new events touch, in the reporting time zone, with the number of new events, by partition, and whether any was stored before it happened.

select toString(_partition_id) as partition, {day} as day, count() as events, max(ts > ingested_at + interval 1 day) as is_ahead
from stored_usage_events
where {new}
group by partition, day
order by partition, day
