-- What each account did on those days, from what its users did.

insert into stored_usage_account_days (account_id, day, users, active_users, events, core_events, features, last_at, version, is_gone)
select
    account_id, day, latest.1 as users, latest.2 as active_users, latest.3 as events, latest.4 as core_events, latest.5 as features, latest.6 as last_at,
    {version:UInt64} as version, events = 0 as is_gone
from (
    select account_id, day, argMax((users, active_users, events, core_events, features, last_at), events) as latest
    from (
        select
            account_id, day,
            countIf(user_id != '') as users,
            countIf(user_id != '' and d.core_events > 0) as active_users,
            sum(d.events) as events,
            sum(d.core_events) as core_events,
            uniqExactArray(d.features) as features,
            max(d.last_at) as last_at
        from stored_usage_user_days as d final
        where day in {days:Array(Date)}
        group by account_id, day
        union all
        select account_id, day, 0 as users, 0 as active_users, 0 as events, 0 as core_events, 0 as features, toDateTime64(0, 3, 'UTC') as last_at
        from stored_usage_account_days final
        where day in {days:Array(Date)}
    ) as found
    group by account_id, day
) as merged
