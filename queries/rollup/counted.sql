-- Ids of new events of which another payload counts that is no longer kept.

select id
from stored_usage_identities
where day < {kept:Date}
    and id in (
        select sipHash64(source, event_id)
        from stored_usage_events
        where {new}
    )
    and (id, payload_hash) not in (
        select sipHash64(source, event_id), payload_hash from stored_usage_conflicts final where not is_kept
    )
