-- The accounts behind self-onboarding.
--
-- One row per account that was onboarded in the last 12 months.
--
-- Columns:
--   day                key   Day.
--   segment            label Touch model by what it paid on its first day.
--   account_id         key   Account.
--   self_accounts      part  1 where there was no human touch by the day of onboarding.
--   onboarded_accounts part  1.
--   onboarded_on       fact  Day on which it was onboarded.
--   touches            fact  Human touches by then.
--   touched_on         fact  Day of the first of them, in the reporting time zone; null: none.
--   first_paid_on      fact  First day on which it ever paid.

select
    b.day as day, b.segment as segment, b.account_id as account_id,
    toUInt8(t.touches = 0) as self_accounts,
    toUInt8(1) as onboarded_accounts,
    b.onboarded_on as onboarded_on, toUInt64(t.touches) as touches,
    nullIf(t.touched_on, toDate(0)) as touched_on,
    b.first_paid_on as first_paid_on
from onboarding_days as b
join windows as w on w.day = b.day
left join onboarding_touches as t on t.account_id = b.account_id and t.onboarded_on = b.onboarded_on
where w.window = '12m' and b.onboarded_on > w.opens_on and b.onboarded_on <= b.day
