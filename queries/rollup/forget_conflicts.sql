-- No payload is left out any more, until conflicts are found again: the event that was kept may be gone. Those that are no longer kept stay as they are.

insert into stored_usage_conflicts (source, event_id, payload_hash, account_id, event, ts, is_kept, version)
select source, event_id, payload_hash, account_id, event, ts, 1 as is_kept, {version:UInt64} as version
from stored_usage_conflicts as c final
where not c.is_kept and toDate(c.ts) >= {kept:Date}
