-- Which payload of an id was stored first and counts, among the events of those days. Where the one that counts is no longer kept, it was
-- stored before all others.

insert into stored_usage_conflicts (source, event_id, payload_hash, account_id, event, ts, is_kept, version)
select source, event_id, payload_hash, account_id, event, ts, is_kept, {version:UInt64} as version
from (
    select
        source, event_id, payload_hash, account_id, event, ts,
        row_number() over (partition by source, event_id order by seniority desc, _block_number, payload_hash) = 1
            and sipHash64(source, event_id) not in ({counted}) as is_kept,
        count() over (partition by source, event_id) + (sipHash64(source, event_id) in ({counted})) as payloads
    from stored_usage_events final
    where toDate(ts) in {utc_days:Array(Date)} and sipHash64(source, event_id) in (
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
) as payloads
where payloads > 1
