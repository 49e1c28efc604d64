-- Features that each paying account used in the 28 days up to each day, and by how many users.
--
-- A feature is the name of a usage event. During the running day, it covers usage up to the last whole day.
--
-- Columns:
--   day        key  Day.
--   account_id key  Account.
--   segment    fact Touch model.
--   features   fact Names of the events, Array(String).
--   users      fact Users of each of them, Array(UInt32).
--
-- Key: day, account_id

with
arrayMap(d -> least(d, {whole:Date}), {days:Array(Date)}) as stand,
arrayMin(stand) as first_day,
arrayMax(stand) as last_day,

-- Each user's features and days, in order.
used as (
    select account_id, user_id != '' as is_user, arraySort(groupArrayArray(arrayMap(f -> (toString(f), day), features))) as uses
    from (
        select account_id, user_id, day, u.features as features
        from stored_usage_user_days as u final
        where day > first_day - 28 and day <= last_day and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as user_days
    group by account_id, user_id
),

-- A user counts from a first day on until 28 days without another are over. Events of nobody in particular use a feature, too, without a user.
changes as (
    select account_id, c.1 as feature, greatest(c.2, first_day) as day, sum(c.3) as uses_change, sumIf(c.3, is_user) as users_change
    from used
    array join arrayConcat(
        arrayMap(x -> (x.1, x.2, 1), arrayFilter((x, before) -> x.1 != before.1 or x.2 > before.2 + 28, uses, arrayPushFront(arrayPopBack(uses), ('', toDate(0))))),
        arrayMap(x -> (x.1, x.2 + 28, -1), arrayFilter((x, next) -> x.1 != next.1 or next.2 > x.2 + 28, uses, arrayPushBack(arrayPopFront(uses), ('', toDate('2149-06-06')))))) as c
    where c.2 <= last_day
    group by account_id, feature, day
),

-- From each change on until the next.
states as (
    select account_id, feature, span.1 as since, span.2 as before, toUInt32(span.3) as users
    from (
        select
            account_id, feature, arraySort(groupArray((c.day, c.uses_change, c.users_change))) as known,
            arrayMap(x -> x.1, known) as begun,
            arrayFilter(x -> x.4 > 0, arrayZip(
                begun, arrayPushBack(arrayPopFront(begun), toDate('2149-06-06')), arrayCumSum(arrayMap(x -> x.3, known)), arrayCumSum(arrayMap(x -> x.2, known)))) as spans
        from changes as c
        group by account_id, feature
    ) as by_feature
    array join spans as span
)

select s.day as day, s.account_id as account_id, s.segment as segment, arrayMap(x -> x.1, u.used) as features, arrayMap(x -> x.2, u.used) as users
from (
    select day, least(day, {whole:Date}) as used_until, account_id, segment
    from account_days
    where day in {days:Array(Date)} and is_paying and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
) as s
join (
    select d, account_id, arraySort(groupArray((feature, x.users))) as used
    from states as x
    array join range(toUInt16(since), toUInt16(least(before, last_day + 1))) as d
    group by d, account_id
) as u on toDate(u.d) = s.used_until and u.account_id = s.account_id
