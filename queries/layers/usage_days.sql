-- Usage of each account that was ever seen, in the 28 days up to each day.
--
-- A user is active on a day with an event that counts as use (setting core_events). A user is a user of one account. While a
-- day runs, what is told of it is the usage up to the last whole day.
--
-- Columns:
--   day          key  Day.
--   account_id   key  Account.
--   used_until   fact Last day of the 28: the day itself, of the running day the one before.
--   dau          fact Users active on the last day.
--   wau          fact Users active in the last 7 days.
--   mau          fact Users active in the last 28 days.
--   user_days    fact Sum over the last 28 days of the users active on each.
--   active_days  fact Days of the last 28 with an active user.
--   users        fact Users with any event in the last 28 days.
--   events       fact Events in the last 28 days.
--   features     fact Different names of the events of the last 28 days.
--   departments  fact Departments that the events of the last 28 days name, Array(String).
--
-- Key: day, account_id

with
arrayMap(d -> least(d, {whole:Date}), {days:Array(Date)}) as stand,
arrayMin(stand) as first_day,
arrayMax(stand) as last_day,
toDate('2149-06-06') as never,

-- What each user's days add to the sums and, once they are over, take away: a user who is active counts in the monthly users for 28
-- days, or until the next active day, which then counts. (day, dau, wau, mau, user_days, users, events)
user_changes as (
    select account_id, greatest(c.1, first_day) as day, sum(c.2) as dau, sum(c.3) as wau, sum(c.4) as mau, sum(c.5) as user_days, sum(c.6) as users, sum(c.7) as events
    from (
        select
            account_id, user_id != '' as is_user,
            arraySort(groupArray((day, toInt64(e.events)))) as days,
            arraySort(groupArrayIf(day, user_id != '' and core_events > 0)) as active
        from (
            select day, account_id, user_id, u.events as events, u.core_events as core_events
            from stored_usage_user_days as u final
            where day > first_day - 28 and day <= last_day and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        ) as e
        group by account_id, user_id
    ) as users
    array join arrayConcat(
        arrayFlatten(arrayMap((d, next) -> [
            (d, 1, 1, 1, 1, 0, toInt64(0)), (d + 1, -1, 0, 0, 0, 0, toInt64(0)), (least(d + 7, next), 0, -1, 0, 0, 0, toInt64(0)),
            (least(d + 28, next), 0, 0, -1, 0, 0, toInt64(0)), (d + 28, 0, 0, 0, -1, 0, toInt64(0))], active, arrayResize(arraySlice(active, 2), length(active), never))),
        arrayFlatten(arrayMap((d, next) -> [
            (d.1, 0, 0, 0, 0, toInt8(is_user), d.2), (least(d.1 + 28, next.1), 0, 0, 0, 0, -toInt8(is_user), toInt64(0)), (d.1 + 28, 0, 0, 0, 0, 0, -d.2)],
            days, arrayResize(arraySlice(days, 2), length(days), (never, toInt64(0)))))) as c
    where c.1 <= last_day
    group by account_id, day
),

account_changes as (
    select account_id, greatest(c.1, first_day) as day, sum(c.2) as active_days
    from (
        select account_id, arraySort(groupUniqArray(day)) as active
        from stored_usage_user_days final
        where day > first_day - 28 and day <= last_day and user_id != '' and core_events > 0
            and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        group by account_id
    ) as days
    array join arrayFlatten(arrayMap(d -> [(d, 1), (d + 28, -1)], active)) as c
    where c.1 <= last_day
    group by account_id, day
),

feature_changes as (
    select account_id, greatest(c.1, first_day) as day, sum(c.2) as features
    from (
        select account_id, feature, arraySort(groupArray(day)) as days
        from (
            select account_id, day, arrayJoin(groupUniqArrayArray(u.features)) as feature
            from stored_usage_user_days as u final
            where day > first_day - 28 and day <= last_day and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
            group by account_id, day
        ) as used
        group by account_id, feature
    ) as features
    array join arrayFlatten(arrayMap((d, next) -> [(d, 1), (least(d + 28, next), -1)], days, arrayResize(arraySlice(days, 2), length(days), never))) as c
    where c.1 <= last_day
    group by account_id, day
),

states as (
    select
        account_id, day,
        sum(x.dau) over account as dau, sum(x.wau) over account as wau, sum(x.mau) over account as mau, sum(x.user_days) over account as user_days,
        sum(x.active_days) over account as active_days, sum(x.users) over account as users, sum(x.events) over account as events, sum(x.features) over account as features
    from (
        select account_id, day, sum(c.1) as dau, sum(c.2) as wau, sum(c.3) as mau, sum(c.4) as user_days, sum(c.5) as active_days, sum(c.6) as users, sum(c.7) as events, sum(c.8) as features
        from (
            select account_id, day, (dau, wau, mau, user_days, toInt64(0), users, events, toInt64(0)) as c from user_changes
            union all
            select account_id, day, (toInt64(0), toInt64(0), toInt64(0), toInt64(0), active_days, toInt64(0), toInt64(0), toInt64(0)) as c from account_changes
            union all
            select account_id, day, (toInt64(0), toInt64(0), toInt64(0), toInt64(0), toInt64(0), toInt64(0), toInt64(0), features) as c from feature_changes
        ) as all_changes
        group by account_id, day
    ) as x
    window account as (partition by account_id order by day)
),

-- Few events name a department.
departments as (
    select account_id, d as day, arraySort(groupUniqArray(department)) as departments
    from (
        select account_id, day as used_on, toString(arrayJoin(u.departments)) as department
        from stored_usage_user_days as u final
        where day > first_day - 28 and day <= last_day and notEmpty(u.departments) and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as named
    array join arrayFilter(x -> x between used_on and used_on + 27, arrayDistinct(stand)) as d
    group by account_id, day
)

select
    a.day as day, a.account_id as account_id, a.used_until as used_until,
    toUInt64(s.dau) as dau, toUInt64(s.wau) as wau, toUInt64(s.mau) as mau, toUInt64(s.user_days) as user_days, toUInt64(s.active_days) as active_days,
    toUInt64(s.users) as users, toUInt64(s.events) as events, toUInt64(s.features) as features, d.departments as departments
from (
    select d.day as day, d.used_until as used_until, account_id
    from (
        select account_id, first_on from stored_usage_accounts final where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}
    ) as seen
    cross join (select arrayJoin({days:Array(Date)}) as day, least(day, {whole:Date}) as used_until) as d
    where first_on <= d.used_until
) as a
asof left join states as s on s.account_id = a.account_id and s.day <= a.used_until
left join departments as d on d.account_id = a.account_id and d.day = a.used_until
