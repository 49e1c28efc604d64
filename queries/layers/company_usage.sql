-- What usage events of the whole company say on each day: the newest event, and the features that anybody uses.
--
-- Health depends on both: a measure of usage is as old as the newest event of anybody, and the breadth of an account's use is its
-- share of the features that anybody used in 28 days. During the running day, it covers usage up to the last whole day.
--
-- Columns:
--   day       key  Day.
--   newest_on fact Day of the newest event by then; 1970-01-01: none.
--   features  fact Features used by accounts that are no test, in the 28 days up to then, Array(String).
--
-- Key: day

with
arrayMap(d -> least(d, {whole:Date}), {days:Array(Date)}) as stand

select
    d.day as day, max(newest) as newest_on, arraySort(groupUniqArrayArray(f.features)) as features
from (select arrayJoin({days:Array(Date)}) as day, least(day, {whole:Date}) as used_until) as d
cross join (select arrayJoin(arrayPushFront(groupUniqArrayIf(day, events > 0), toDate(0))) as newest from stored_usage_totals final where day <= arrayMax(stand)) as n
left join (
    select used_until, groupUniqArray(feature) as features
    from (
        select day as used_on, toString(arrayJoin(groupUniqArrayArray(u.features))) as feature
        from stored_usage_user_days as u final
        where day > arrayMin(stand) - 28 and day <= arrayMax(stand)
            and not is_excluded and account_id not in (select account_id from test_accounts)
        group by day
    ) as used
    array join arrayFilter(x -> x between used_on and used_on + 27, arrayDistinct(stand)) as used_until
    group by used_until
) as f on f.used_until = d.used_until
where n.newest <= d.used_until
group by day
