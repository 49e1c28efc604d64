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
        where _partition_id = {partition:String} and _block_number > {after:UInt64} and _block_number <= {until:UInt64}
    )
    group by id
    having uniqExact(payload_hash) > 1
)
order by day
