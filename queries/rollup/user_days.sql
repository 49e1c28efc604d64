-- What each user did on those days, from all events of those days. A row that no event belongs to any more is marked gone.
-- A feature is the name of an event, or (other) for the names that are not kept apart (kept_names.sql).

insert into stored_usage_user_days (day, account_id, user_id, events, core_events, features, departments, last_at, version, is_gone)
select
    day, account_id, user_id, latest.1 as events, latest.2 as core_events, latest.3 as features, latest.4 as departments, latest.5 as last_at,
    {version:UInt64} as version, events = 0 as is_gone
from (
    select day, account_id, user_id, argMax((events, core_events, features, departments, last_at), events) as latest
    from (
        select
            {day} as day, account_id, user_id,
            count() as events,
            countIf(empty({core:Array(String)}) or has({core:Array(String)}, event)) as core_events,
            arraySort(groupUniqArray({feature})) as features,
            arraySort(groupUniqArrayIf(department, department != '')) as departments,
            max(ts) as last_at
        from (
            select account_id, user_id, event, ts, toLowCardinality(JSONExtractString(properties, {department:String})) as department
            from stored_usage_events final
            where toDate(ts) in {utc_days:Array(Date)}
                and (source, event_id, payload_hash) not in (
                    select source, event_id, payload_hash from stored_usage_conflicts final where not is_kept
                )
        ) as events
        where day in {days:Array(Date)}
        group by day, account_id, user_id
        union all
        select day, account_id, user_id, 0 as events, 0 as core_events, [] as features, [] as departments, toDateTime64(0, 3, 'UTC') as last_at
        from stored_usage_user_days final
        where day in {days:Array(Date)}
    ) as found
    group by day, account_id, user_id
) as merged
