-- Those that are usage events now wait no longer.

insert into stored_unattributed_events (event_id, user_id, anonymous_id, event, ts, source, is_withdrawn, updated_at, ingested_at)
select event_id, user_id, anonymous_id, event, ts, source, 1 as is_withdrawn, greatest(addMilliseconds(w.updated_at, 1), now64(3)) as updated_at, ingested_at
from stored_unattributed_events as w final
where (source, event_id) in (
    select source, event_id
    from stored_usage_events
    where toDate(ts) in (select toDate(ts) from stored_unattributed_events final) and event_id in (select event_id from stored_unattributed_events final)
)
