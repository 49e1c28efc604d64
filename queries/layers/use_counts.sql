-- On how many of the 28 days up to each day the users of each account were active.
--
-- Who counts is as in usage_days. During the running day, it covers usage up to the last whole day.
--
-- Columns:
--   day         key  Day.
--   account_id  key  Account.
--   active_days fact Numbers of days, one for each user who was active, in ascending order, Array(UInt8).
--
-- Key: day, account_id

with
arrayMap(d -> least(d, {whole:Date}), {days:Array(Date)}) as stand

select d.1 as day, account_id, arraySort(arrayFilter(n -> n > 0, arrayMap(c -> c[d.2], counts))) as active_days
from (
    select account_id, groupArray(arrayMap(d -> toUInt8(arrayCount(a -> a <= d and a > d - 28, active_on)), stand)) as counts
    from (
        select account_id, groupUniqArray(day) as active_on
        from stored_usage_user_days final
        where day > arrayMin(stand) - 28 and day <= arrayMax(stand) and core_events > 0 and person_id != '' and not is_excluded
            and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        group by account_id, person_id
    ) as by_user
    group by account_id
) as by_account
array join arrayZip({days:Array(Date)}, arrayEnumerate(stand)) as d
where notEmpty(active_days)
