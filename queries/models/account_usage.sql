-- Usage of each account in the 28 days up to as_of, and in the 28 before.
--
-- A user is active on a day with an event that counts as use (setting core_events). A user is a user of one account.
--
-- Columns:
--   account_id         key   Account.
--   dau                fact  Users active on as_of.
--   wau                fact  Users active in the last 7 days.
--   mau                fact  Users active in the last 28 days.
--   user_days          fact  Sum over the last 28 days of the users active on each.
--   previous_user_days fact  The same over the 28 days before.
--   active_days        fact  Days of the last 28 with an active user.
--   users              fact  Users with any event in the last 28 days.
--   events             fact  Events in the last 28 days.
--   features           fact  Names of the events of the last 28 days, Array(String).
--   departments        fact  Departments that the events of the last 28 days name, Array(String).
--
-- Keep: 20s

select
    account_id,
    uniqExactIf(user_id, is_active and day = {as_of:Date}) as dau,
    uniqExactIf(user_id, is_active and day > {as_of:Date} - 7) as wau,
    uniqExactIf(user_id, is_active and day > {as_of:Date} - 28) as mau,
    countIf(is_active and day > {as_of:Date} - 28) as user_days,
    countIf(is_active and day <= {as_of:Date} - 28) as previous_user_days,
    uniqExactIf(day, is_active and day > {as_of:Date} - 28) as active_days,
    uniqExactIf(user_id, user_id != '' and day > {as_of:Date} - 28) as users,
    sumIf(d.events, day > {as_of:Date} - 28) as events,
    arraySort(groupUniqArrayArrayIf(cast(d.features, 'Array(String)'), day > {as_of:Date} - 28)) as features,
    arraySort(groupUniqArrayArrayIf(cast(d.departments, 'Array(String)'), day > {as_of:Date} - 28)) as departments
from (
    select account_id, day, user_id, user_id != '' and core_events > 0 as is_active, u.events as events, u.features as features, u.departments as departments
    from cs.usage_user_days as u final
    where day > {as_of:Date} - 56 and day <= {as_of:Date}
) as d
group by account_id
