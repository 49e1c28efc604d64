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

select d.day as day, u.account_id as account_id, u.active_days as active_days
from (select arrayJoin({days:Array(Date)}) as day, least(day, {whole:Date}) as used_until) as d
join (
    select account_id, x.1 as used_until, arraySort(groupArray(x.2)) as active_days
    from (
        select account_id, groupUniqArray(day) as active_on
        from stored_usage_user_days final
        where day > arrayMin(stand) - 28 and day <= arrayMax(stand) and core_events > 0 and person_id != '' and not is_excluded
            and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        group by account_id, person_id
    ) as by_user
    array join arrayFilter(x -> x.2 > 0, arrayMap(d -> (d, toUInt8(arrayCount(a -> a <= d and a > d - 28, active_on))), arrayDistinct(stand))) as x
    group by account_id, used_until
) as u on u.used_until = d.used_until
