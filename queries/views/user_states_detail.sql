-- The accounts behind the states of users.
--
-- One row per account that ever paid and period in which it, or the one before, any user was active.
--
-- Columns:
--   day               key   Day.
--   segment           label Touch model.
--   period            label Length of the period: week, month.
--   account_id        key   Account.
--   new_users         part  Users active for the first time.
--   returning_users   part  Users active in this period and in the one before.
--   resurrected_users part  Users active again, who were not in the period before.
--   dormant_users     part  Users active in the period before, and not in this one.
--   active_users      part  Users active in the period.
--   starts_on         fact  First day of the period.
--   csm               fact  Owner.

select
    s.day as day, s.segment as segment, u.period as period, s.account_id as account_id,
    u.users[1] as new_users, u.users[2] as returning_users, u.users[3] as resurrected_users, u.users[4] as dormant_users,
    u.users[1] + u.users[2] + u.users[3] as active_users,
    p.starts_on as starts_on, s.csm as csm
from account_days as s
join (
    select day, account_id, period, users
    from user_state_days
    array join ['week', 'month'] as period, [week, month] as users
    where arraySum(users) > 0
) as u on u.day = s.day and u.account_id = s.account_id
join last_periods as p on p.day = s.day and p.period = u.period
