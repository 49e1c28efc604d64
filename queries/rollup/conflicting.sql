-- UTC days of the events whose ids the new events share with another payload. Ids are compared by hash, so a day may be
-- here in vain. Payloads of an id lie side by side. Where most ids are new, all are looked at in their order, which costs less than looking up each.

select distinct day
from stored_usage_identities
where id in (
    select id
    from (
        select id, payload_hash, lagInFrame(id) over neighbours as id_before, lagInFrame(payload_hash) over neighbours as payload_hash_before
        from stored_usage_identities
        where {all:UInt8} or id in (
            select sipHash64(source, event_id)
            from stored_usage_events
            where {new}
        )
        window neighbours as (order by id, payload_hash rows between 1 preceding and current row)
    ) as payloads
    where id = id_before and payload_hash != payload_hash_before
)
order by day
