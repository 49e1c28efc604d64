-- Usage of each account that was ever seen, in the 28 days up to each day.
--
-- A user is active on a day with an event that counts as use (setting core_events). A user is a user of one account, and counts once
-- whatever ids the events came with (user_aliases). Own staff, monitors and bots (setting excluded_users, users) count nowhere. During the
-- running day, it covers usage up to the last whole day.
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
-- Days of accounts, and what they add to the sums; after 28 days they take it away again.
account_use as (
    select account_id, u.day as used_on, u.active_users as active, u.events as events
    from stored_usage_account_days as u final
    where u.day > first_day - 28 and u.day <= last_day and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
),

-- A user who is active counts in the weekly users for 7 days and in the monthly ones for 28, or until the next active day, which then counts;
-- with any event, for 28 days or until the next one. (what ends: 1 weekly, 2 monthly, 3 with any event)
-- A user counts in a trailing window from a first day until there is a gap as long as the window: the beginnings and ends of such times.
user_changes as (
    select account_id, greatest(c.1, first_day) as day, sum(c.2) as wau, sum(c.3) as mau, sum(c.4) as users
    from (
        select
            account_id, arraySort(groupArray(day)) as days, arraySort(groupArrayIf(day, core_events > 0)) as active_days,
            arrayPopBack(arrayPushFront(days, toDate(0))) as before, arrayResize(arraySlice(days, 2), length(days), toDate('2149-06-06')) as next,
            arrayPopBack(arrayPushFront(active_days, toDate(0))) as active_before, arrayResize(arraySlice(active_days, 2), length(active_days), toDate('2149-06-06')) as active_next
        from stored_usage_user_days final
        where day > first_day - 28 and day <= last_day and person_id != '' and not is_excluded and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        group by account_id, person_id
    ) as by_user
    array join arrayConcat(
        arrayMap(d -> (d, 1, 0, 0), arrayFilter((d, b) -> d > b + 7, active_days, active_before)), arrayMap(d -> (d + 7, -1, 0, 0), arrayFilter((d, n) -> n > d + 7, active_days, active_next)),
        arrayMap(d -> (d, 0, 1, 0), arrayFilter((d, b) -> d > b + 28, active_days, active_before)), arrayMap(d -> (d + 28, 0, -1, 0), arrayFilter((d, n) -> n > d + 28, active_days, active_next)),
        arrayMap(d -> (d, 0, 0, 1), arrayFilter((d, b) -> d > b + 28, days, before)), arrayMap(d -> (d + 28, 0, 0, -1), arrayFilter((d, n) -> n > d + 28, days, next))) as c
    where c.1 <= last_day
    group by account_id, day
),

feature_changes as (
    select account_id, greatest(c.1, first_day) as day, sum(c.2) as features
    from (
        select
            account_id, arraySort(groupUniqArray(day)) as days,
            arrayPopBack(arrayPushFront(days, toDate(0))) as before, arrayResize(arraySlice(days, 2), length(days), toDate('2149-06-06')) as next
        from stored_usage_user_days final
        array join features as feature
        where day > first_day - 28 and day <= last_day and not is_excluded and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        group by account_id, feature
    ) as by_feature
    array join arrayConcat(
        arrayMap(d -> (d, 1), arrayFilter((d, b) -> d > b + 28, days, before)), arrayMap(d -> (d + 28, -1), arrayFilter((d, n) -> n > d + 28, days, next))) as c
    where c.1 <= last_day
    group by account_id, day
),

-- last_use is the last day of use and the active users on it, in one number.
states as (
    select
        account_id, day,
        sum(x.wau) over account as wau, sum(x.mau) over account as mau, sum(x.user_days) over account as user_days,
        sum(x.active_days) over account as active_days, sum(x.users) over account as users, sum(x.events) over account as events, sum(x.features) over account as features,
        max(x.last_use) over account as last_use
    from (
        select
            account_id, day, sum(u.wau) as wau, sum(u.mau) as mau, sum(u.user_days) as user_days, sum(u.active_days) as active_days, sum(u.users) as users, sum(u.events) as events,
            sum(u.features) as features, max(u.last_use) as last_use
        from (
            select
                account_id, greatest(used_on + if(is_over, 28, 0), first_day) as day, toInt64(0) as wau, toInt64(0) as mau, if(is_over, -toInt64(active), toInt64(active)) as user_days,
                if(is_over, -1, 1) * (active > 0) as active_days, toInt64(0) as users, if(is_over, -toInt64(account_use.events), toInt64(account_use.events)) as events, toInt64(0) as features,
                if(is_over, 0, bitShiftLeft(toUInt64(used_on), 40) + active) as last_use
            from account_use
            array join [0, 1] as is_over
            where used_on + if(is_over, 28, 0) <= last_day
            union all
            select account_id, day, c.wau, c.mau, 0, 0, c.users, 0, 0, 0 from user_changes as c
            union all
            select account_id, day, 0, 0, 0, 0, 0, 0, c.features, 0 from feature_changes as c
        ) as u
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
        where day > first_day - 28 and day <= last_day and notEmpty(u.departments) and not is_excluded and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as named
    array join arrayFilter(x -> x between used_on and used_on + 27, arrayDistinct(stand)) as d
    group by account_id, day
)

select
    a.day as day, a.account_id as account_id, a.used_until as used_until,
    if(bitShiftRight(s.last_use, 40) = toUInt16(a.used_until), bitAnd(s.last_use, 1099511627775), 0) as dau, toUInt64(s.wau) as wau, toUInt64(s.mau) as mau, toUInt64(s.user_days) as user_days, toUInt64(s.active_days) as active_days,
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
