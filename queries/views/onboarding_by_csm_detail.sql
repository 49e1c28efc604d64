-- The accounts behind the onboarding of each CSM.
--
-- One row per account that is in any of the numbers: its first deadline lies in the last 12 months, or it pays and is not onboarded.
--
-- Columns:
--   day               key   Day.
--   csm               label Owner on the day; (none): nobody.
--   account_id        key   Account.
--   in_progress       part  1 where it pays and is not onboarded.
--   overdue           part  1 where it is in progress and the first deadline was before the day.
--   due_accounts      part  1 where the first deadline lies in the last 12 months.
--   on_time_accounts  part  1 where that is met.
--   late_accounts     part  1 where it was onboarded after it.
--   extended_accounts part  1 where it was due and its deadline was moved to a later day or taken away.
--   segment           fact  Touch model by what it paid on its first day.
--   first_paid_on     fact  First day on which it ever paid.
--   due_on            fact  First deadline.
--   planned_due_on    fact  Deadline as planned on the day; null: none any more.
--   onboarded_on      fact  Day on which it was onboarded; null: not yet.
--   left_on           fact  First day without ARR; null: still pays.

select
    day, csm, account_id, in_progress, overdue, due_accounts, on_time_accounts, late_accounts, extended_accounts, segment,
    first_paid_on, due_on, planned_due_on, onboarded_on, left_on
from onboarding_detail
