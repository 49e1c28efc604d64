-- The accounts behind completed onboarding.
--
-- One row per window and account of which the first paid day lies in it.
--
-- Columns:
--   day                key   Day.
--   segment            label Touch model by what it paid on its first day.
--   window             label 1m, 3m, 12m.
--   account_id         key   Account.
--   started_accounts   part  1.
--   completed_accounts part  1 where it is onboarded.
--   open_accounts      part  1 where it pays and is not onboarded.
--   left_accounts      part  1 where it left and was not onboarded.
--   csm                fact  Owner on the day; (none): nobody.
--   first_paid_on      fact  First day on which it ever paid.
--   onboarded_on       fact  Day on which it was onboarded; null: not yet.
--   left_on            fact  First day without ARR; null: still pays.

select
    b.day as day, b.segment as segment, w.window as window, b.account_id as account_id,
    toUInt8(1) as started_accounts,
    toUInt8(b.onboarded_on <= b.day) as completed_accounts,
    toUInt8(b.onboarded_on > b.day and a.is_paying) as open_accounts,
    toUInt8(b.onboarded_on > b.day and not a.is_paying) as left_accounts,
    a.csm as csm, b.first_paid_on as first_paid_on,
    nullIf(b.onboarded_on, toDate('2149-06-06')) as onboarded_on,
    nullIf(a.left_on, toDate('2149-06-06')) as left_on
from onboarding_days as b
join account_days as a on a.day = b.day and a.account_id = b.account_id
join windows as w on w.day = b.day
where w.window in ('1m', '3m', '12m') and b.first_paid_on > w.opens_on
