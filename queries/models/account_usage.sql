-- Usage of each account in the 28 days up to as_of.
--
-- A user is active on a day with an event that counts as use (setting core_events). A user is a user of one account.
--
-- Columns:
--   account_id  key  Account.
--   dau         fact Users active on as_of.
--   wau         fact Users active in the last 7 days.
--   mau         fact Users active in the last 28 days.
--   user_days   fact Sum over the last 28 days of the users active on each.
--   active_days fact Days of the last 28 with an active user.
--   users       fact Users with any event in the last 28 days.
--   events      fact Events in the last 28 days.
--   features    fact Names of the events of the last 28 days, Array(String).
--   departments fact Departments that the events of the last 28 days name, Array(String).
--
-- Keep: 20s

-- The days of a user are bits: as_of is the lowest one. Names are joined to accounts, not to users, each of whom would have a copy of them.
select
    u.account_id as account_id, u.dau as dau, u.wau as wau, u.mau as mau, u.user_days as user_days, u.active_days as active_days, u.users as users,
    u.events as events, f.features as features, f.departments as departments
from (
    select
        account_id,
        countIf(bitTest(days, 0)) as dau,
        countIf(bitAnd(days, 127) != 0) as wau,
        countIf(days != 0) as mau,
        sum(bitCount(days)) as user_days,
        bitCount(groupBitOr(days)) as active_days,
        countIf(user_id != '') as users,
        sum(p.events) as events
    from (
        select
            account_id, user_id, sum(d.events) as events,
            groupBitOr(if(user_id != '' and core_events > 0, bitShiftLeft(toUInt32(1), greatest({as_of:Date} - day, 0)), 0)) as days
        from cs.usage_user_days as d final
        where day > {as_of:Date} - 28 and day <= {as_of:Date}
        group by account_id, user_id
    ) as p
    group by account_id
) as u
join (
    select
        account_id,
        arraySort(groupUniqArrayArray(cast(d.features, 'Array(String)'))) as features,
        arraySort(groupUniqArrayArray(cast(d.departments, 'Array(String)'))) as departments
    from cs.usage_user_days as d final
    where day > {as_of:Date} - 28 and day <= {as_of:Date}
    group by account_id
) as f on f.account_id = u.account_id
