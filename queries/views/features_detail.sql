-- The accounts behind the use of features.
--
-- One row per feature, among the fifty that most accounts use, and account that pays at the day and used it.
--
-- Columns:
--   day               key   Day.
--   feature           label Name of the event.
--   account_id        key   Account.
--   accounts          part  1.
--   users             part  Users of the account who used it in the last 28 days.
--   eligible_accounts fact  Paying accounts.
--   eligible_users    fact  Users of paying accounts with any event in the last 28 days.
--   segment           fact  Touch model at the day.

select u.day as day, u.feature as feature, u.account_id as account_id, toUInt8(1) as accounts, u.users as users, r.eligible_accounts as eligible_accounts, r.eligible_users as eligible_users, u.segment as segment
from (
    select day, feature, account_id, toUInt64(number) as users, segment
    from feature_days as x
    array join x.features as feature, x.users as number
) as u
join feature_ranks as r on r.day = u.day and r.feature = u.feature
