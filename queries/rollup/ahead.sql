-- New events that were stored before they happened: a clock that runs ahead, or a wrong year.

insert into stored_usage_ahead (source, event_id, payload_hash, account_id, ts, stored_at, seniority)
select source, event_id, payload_hash, account_id, ts, ingested_at as stored_at, seniority
from stored_usage_events
where {new}
    and ts > ingested_at + interval 1 day
