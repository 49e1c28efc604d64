-- The accounts behind usage.
--
-- Columns:
--   day             key   Day.
--   segment         label Touch model.
--   account_id      key   Account.
--   dau_users       part  Users active on the last day.
--   wau_users       part  Users active in 7 days.
--   mau_users       part  Users active in 28 days.
--   daily_users     part  Sum of the daily users.
--   active_accounts part  1 where somebody was active.
--   seats_used      part  Users, where seats are contracted.
--   seats           part  Contracted seats.
--   users           fact  Users in 28 days.
--   csm             fact  Owner.

select
    s.day as day, s.segment as segment, s.account_id as account_id,
    u.dau as dau_users, u.wau as wau_users, u.mau as mau_users, u.user_days as daily_users,
    toUInt8(u.mau > 0) as active_accounts,
    if(s.seats > 0, u.users, 0) as seats_used,
    s.seats as seats,
    u.users as users, s.csm as csm
from account_days as s
left join usage_days as u on u.day = s.day and u.account_id = s.account_id
where s.is_paying
