-- Names of events that are kept apart on those days: first the core events, then those of most users.

select day, event
from (
    select {day} as day, event, uniqExact(account_id, user_id) as users, count() as events
    from stored_usage_events final
    where toDate(ts) in {utc_days:Array(Date)}
        and (source, event_id, payload_hash) not in (
            select source, event_id, payload_hash from stored_usage_conflicts final where not is_kept
        )
    group by day, event
) as used
where day in {days:Array(Date)}
order by day, has({core:Array(String)}, event) desc, users desc, events desc, event
limit greatest({names:UInt64}, length({core:Array(String)})) by day
