-- Usage of each account that was ever seen, in the 28 days up to each day.
--
-- A user is active on a day with an event that counts as use (setting core_events). A user is a user of one account. During the
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
    select account_id, u.day as used_on, countIf(user_id != '') as users, countIf(user_id != '' and core_events > 0) as active, sum(u.events) as events
    from stored_usage_user_days as u final
    where u.day > first_day - 28 and u.day <= last_day and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    group by account_id, used_on
),

-- A user who is active counts in the weekly users for 7 days and in the monthly ones for 28, or until the next active day, which then counts;
-- with any event, for 28 days or until the next one. (what ends: 1 weekly, 2 monthly, 3 with any event)
user_ends as (
    select account_id, greatest(ends_on, first_day) as day, countIf(what = 1) as weekly, countIf(what = 2) as monthly, countIf(what = 3) as users
    from (
        select
            account_id, day as used_on, core_events > 0 as is_active,
            leadInFrame(day, 1, toDate('2149-06-06')) over (partition by account_id, user_id order by day rows between unbounded preceding and unbounded following) as next_on,
            min(if(core_events > 0, day, toDate('2149-06-06'))) over (partition by account_id, user_id order by day rows between 1 following and unbounded following) as found_on,
            if(found_on = toDate(0), toDate('2149-06-06'), found_on) as active_on
        from stored_usage_user_days final
        where day > first_day - 28 and day <= last_day and user_id != '' and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as used
    array join
        if(is_active, [1, 2, 3], [3]) as what,
        if(is_active, [least(used_on + 7, active_on), least(used_on + 28, active_on), least(used_on + 28, next_on)], [least(used_on + 28, next_on)]) as ends_on
    where ends_on <= last_day
    group by account_id, day
),

-- The same of features, which begin on each day on which they are used.
feature_changes as (
    select account_id, greatest(change.2, first_day) as day, sum(change.1) as features
    from (
        select account_id, feature, arraySort(groupUniqArray(day)) as days
        from stored_usage_user_days final
        array join features as feature
        where day > first_day - 28 and day <= last_day and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        group by account_id, feature
    ) as used
    array join arrayConcat(
        arrayMap(d -> (1, d), days),
        arrayMap((d, next) -> (-1, least(d + 28, next)), days, arrayResize(arraySlice(days, 2), length(days), toDate('2149-06-06')))) as change
    where change.2 <= last_day
    group by account_id, day
),

states as (
    select
        account_id, day,
        sum(x.wau) over account as wau, sum(x.mau) over account as mau, sum(x.user_days) over account as user_days,
        sum(x.active_days) over account as active_days, sum(x.users) over account as users, sum(x.events) over account as events, sum(x.features) over account as features
    from (
        select account_id, day, sum(c.1) as wau, sum(c.2) as mau, sum(c.3) as user_days, sum(c.4) as active_days, sum(c.5) as users, sum(c.6) as events, sum(c.7) as features
        from (
            select
                account_id, greatest(used_on + 28 * is_over, first_day) as day,
                if(is_over, (toInt64(0), toInt64(0), -toInt64(active), -toInt64(active > 0), toInt64(0), -toInt64(events), toInt64(0)),
                    (toInt64(active), toInt64(active), toInt64(active), toInt64(active > 0), toInt64(users), toInt64(events), toInt64(0))) as c
            from account_use
            array join [0, 1] as is_over
            where used_on + 28 * is_over <= last_day
            union all
            select account_id, day, (-toInt64(weekly), -toInt64(monthly), toInt64(0), toInt64(0), -toInt64(users), toInt64(0), toInt64(0)) as c
            from user_ends
            union all
            select account_id, day, (toInt64(0), toInt64(0), toInt64(0), toInt64(0), toInt64(0), toInt64(0), features) as c
            from feature_changes
        ) as changes
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
    c.active as dau, toUInt64(s.wau) as wau, toUInt64(s.mau) as mau, toUInt64(s.user_days) as user_days, toUInt64(s.active_days) as active_days,
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
left join (select account_id, used_on, active from account_use) as c on c.account_id = a.account_id and c.used_on = a.used_until
left join departments as d on d.account_id = a.account_id and d.day = a.used_until
