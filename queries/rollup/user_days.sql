-- What each user did on those days, from all events of those days.
-- A feature is the name of an event, or (other) for the names that are not kept apart (kept_names.sql).

insert into stored_usage_user_days (day, account_id, user_id, events, core_events, features, departments, last_at, version)
select
    {day} as day, account_id, user_id,
    count() as events,
    countIf(empty({core:Array(String)}) or has({core:Array(String)}, event)) as core_events,
    arraySort(arrayDistinct(groupArray({feature}))) as features,
    arraySort(arrayDistinct(groupArrayIf(department, department != ''))) as departments,
    max(ts) as last_at,
    {version:UInt64} as version
from (
    select account_id, user_id, event, ts,
        -- Most properties name no department. Where a name is escaped, only a parser finds it.
        if(position(properties, {department:String}) = 0 and position(properties, '\\') = 0, '', JSONExtractString(properties, {department:String})) as department
    from stored_usage_events final
    where toDate(ts) in {utc_days:Array(Date)}
        and (
            (select count() from stored_usage_conflicts final where not is_kept) = 0
            or (source, event_id, payload_hash) not in (select source, event_id, payload_hash from stored_usage_conflicts final where not is_kept)
        )
) as events
where day in {days:Array(Date)}
group by day, account_id, user_id
settings max_partitions_per_insert_block = 0
