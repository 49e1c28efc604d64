-- The accounts behind usage.
--
-- One row per account that pays at as_of.
--
-- Columns:
--   segment         label Touch model at as_of.
--   account_id      key   Account.
--   dau_users       part  Users active on as_of.
--   wau_users       part  Users active in the last 7 days.
--   mau_users       part  Users active in the last 28 days.
--   daily_users     part  Users active on each of the last 28 days, added up.
--   active_accounts part  1 where somebody was active in the last 28 days.
--   seats_used      part  Users with any event in the last 28 days, where the account has contracted seats.
--   seats           part  Contracted seats.
--   users           fact  Users with any event in the last 28 days.
--   csm             fact  Owner at as_of.

select
    s.segment as segment, s.account_id as account_id,
    u.dau as dau_users, u.wau as wau_users, u.mau as mau_users, u.user_days as daily_users,
    toUInt8(u.mau > 0) as active_accounts,
    if(s.seats > 0, u.users, 0) as seats_used,
    s.seats as seats,
    u.users as users, s.csm as csm
from cs.account_states(as_of = {as_of:Date}) as s
left join cs.account_usage(as_of = {as_of:Date}) as u on u.account_id = s.account_id
