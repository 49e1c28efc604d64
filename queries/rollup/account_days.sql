-- What each account did on those days, from what its users did.

insert into stored_usage_account_days (account_id, day, users, active_users, events, core_events, features, last_at, quantity_sums, quantity_events, quantity_maxima, version)
select
    account_id, day,
    uniqExactIf(person_id, person_id != '') as users,
    uniqExactIf(person_id, person_id != '' and d.core_events > 0) as active_users,
    sum(d.events) as events,
    sum(d.core_events) as core_events,
    uniqExactArray(arrayMap(feature -> sipHash64(feature), d.features)) as features, -- hashes are counted in less time
    max(d.last_at) as last_at,
    sumMap(d.quantity_sums) as quantity_sums, sumMap(d.quantity_events) as quantity_events, maxMap(d.quantity_maxima) as quantity_maxima,
    {version:UInt64} as version
from stored_usage_user_days as d final
where day in {days:Array(Date)} and not is_excluded and {theirs}
group by account_id, day
settings max_partitions_per_insert_block = 0
