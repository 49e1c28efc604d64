-- New events that were stored before they happened: a clock that runs ahead, or a wrong year.

insert into stored_usage_ahead (source, event_id, payload_hash, account_id, ts, stored_at, seniority)
select source, event_id, payload_hash, account_id, ts, ingested_at as stored_at, seniority
from stored_usage_events
where _partition_id = {partition:String} and _block_number > {after:UInt64} and _block_number <= {until:UInt64}
    and ts > ingested_at + interval 1 day
