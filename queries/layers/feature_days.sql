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
-- Numbers are sorted and grouped much faster than names: the places of names in this list stand for them.
(
    select arrayPushFront(arraySort(groupUniqArrayArray(cast(features, 'Array(String)'))), '') from stored_usage_user_days
    where day > first_day - 28 and day <= last_day and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
) as names,

-- A use is one number: the name's, times 65536, plus the day's.
used as (
    select account_id, is_user, uses, arrayPopBack(arrayPushFront(uses, toUInt64(0))) as uses_before, arrayPushBack(arrayPopFront(uses), toUInt64(-1)) as uses_next
    from (
        select
            account_id, person_id != '' as is_user,
            arraySort(groupArrayArray(arrayMap(f -> toUInt64(transform(toString(f), names, arrayEnumerate(names), 0)) * 65536 + toUInt16(day), features))) as uses
        from stored_usage_user_days final
        where day > first_day - 28 and day <= last_day and notEmpty(features) and not is_excluded and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        group by account_id, person_id
    ) as by_user
),

-- A name is in use from a first day until nobody used it for 28 days. A change is one number: the day's, times four, and whether it is of a
-- user, and whether it is a beginning.
changes as (
    select
        account_id, toUInt64(intDiv(use.1, 65536)) as name,
        arraySort(groupArray(toUInt32(greatest(toUInt16(use.1 % 65536), toUInt16(first_day))) * 4 + 2 * is_user + use.2)) as known
    from used
    array join arrayConcat(
        arrayMap(u -> (u, 1), arrayFilter((u, b) -> u > b + 28, uses, uses_before)),
        arrayMap(u -> (u + 28, 0), arrayFilter((u, n) -> n > u + 28, uses, uses_next))) as use
    where use.1 % 65536 <= toUInt16(last_day)
    group by account_id, name
),

-- What is so on a day is one number, too: from the top, 16 bits of the day, 24 of the name and 24 of the number of users.
cells as (
    select account_id, arraySort(groupArrayArray(arrayFlatten(arrayMap(
        (since, before, uses, users) -> arrayMap(d -> bitShiftLeft(toUInt64(d), 48) + bitShiftLeft(name, 24) + toUInt64(users), range(since, if(uses > 0, least(before, toUInt16(last_day) + 1), since))),
        begun, arrayPushBack(arrayPopFront(begun), 65535), arrayCumSum(arrayMap(x -> if(x % 2, 1, -1), known)), arrayCumSum(arrayMap(x -> multiIf(x % 4 < 2, 0, x % 2, 1, -1), known)))))) as held
    from (select account_id, name, known, arrayMap(x -> intDiv(x, 4), known) as begun from changes) as by_name
    group by account_id
)

select
    s.day as day, s.account_id as account_id, s.segment as segment,
    arrayMap(x -> names[bitAnd(bitShiftRight(x, 24), 16777215)], u.used) as features, arrayMap(x -> toUInt32(bitAnd(x, 16777215)), u.used) as users
from (
    select day, least(day, {whole:Date}) as used_until, account_id, segment
    from account_days
    where day in {days:Array(Date)} and is_paying and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
) as s
join (
    select account_id, used, toDate(toUInt16(bitShiftRight(used[1], 48))) as used_on
    from cells
    array join arraySplit((x, b) -> bitShiftRight(x, 48) != bitShiftRight(b, 48), held, arrayPopBack(arrayPushFront(held, toUInt64(0)))) as used
) as u on u.used_on = s.used_until and u.account_id = s.account_id
