-- UTC days of the events whose ids the new events share with another payload. Ids are compared by hash, so a day may be
-- here in vain.

select distinct day
from stored_usage_identities
where id in (
    select id
    from stored_usage_identities
    where id in (
        select sipHash64(source, event_id)
        from stored_usage_events
        where {new}
    )
    group by id
    having min(payload_hash) != max(payload_hash)
)
order by day
