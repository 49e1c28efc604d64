-- Days with more names of events than are kept apart.

select day
from (
    select {day} as day, uniqExact(event) as names
    from stored_usage_events
    where toDate(ts) in {utc_days:Array(Date)}
        -- Names of all days together are found at once, and mostly are few.
        and (select count() from (select distinct event from stored_usage_events where toDate(ts) in {utc_days:Array(Date)}) as names) > {names:UInt64}
    group by day
) as counted
where day in {days:Array(Date)} and names > {names:UInt64}
order by day
