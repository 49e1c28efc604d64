-- Days that the new events touch, in the reporting time zone, with the number of new events.

select {day} as day, count() as events
from stored_usage_events
where _partition_id = {partition:String} and _block_number > {after:UInt64} and _block_number <= {until:UInt64}
group by day
order by day
