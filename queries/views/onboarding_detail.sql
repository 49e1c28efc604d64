-- The accounts behind onboarding.
--
-- One row per account that is in any of the numbers: its first deadline lies in the last 12 months, or it pays and is not onboarded.
--
-- Columns:
--   day               key   Day.
--   segment           label Touch model by what it paid on its first day.
--   account_id        key   Account.
--   in_progress       part  1 where it pays and is not onboarded.
--   overdue           part  1 where it is in progress and the first deadline was before the day.
--   due_accounts      part  1 where the first deadline lies in the last 12 months.
--   on_time_accounts  part  1 where that is met.
--   late_accounts     part  1 where it was onboarded after it.
--   extended_accounts part  1 where it was due and its deadline was moved to a later day or taken away.
--   csm               fact  Owner on the day; (none): nobody.
--   first_paid_on     fact  First day on which it ever paid.
--   due_on            fact  First deadline.
--   planned_due_on    fact  Deadline as planned on the day; null: none any more.
--   onboarded_on      fact  Day on which it was onboarded; null: not yet.
--   left_on           fact  First day without ARR; null: still pays.

select
    o.day as day, o.segment as segment, o.account_id as account_id,
    toUInt8(o.pays and not o.is_onboarded) as in_progress,
    toUInt8(o.pays and not o.is_onboarded and o.due_on < o.day) as overdue,
    o.is_due as due_accounts,
    toUInt8(o.is_due and o.onboarded_on <= o.due_on) as on_time_accounts,
    toUInt8(o.is_due and o.is_onboarded and o.onboarded_on > o.due_on) as late_accounts,
    toUInt8(o.is_due and o.planned_due_on > o.due_on) as extended_accounts,
    o.csm as csm, o.first_paid_on as first_paid_on, o.due_on as due_on,
    nullIf(o.planned_due_on, never) as planned_due_on,
    nullIf(o.onboarded_on, never) as onboarded_on,
    nullIf(o.left_on, never) as left_on
from (
    select
        b.day as day, b.account_id as account_id, b.segment as segment, b.first_paid_on as first_paid_on, b.due_on as due_on, b.planned_due_on as planned_due_on,
        b.onboarded_on as onboarded_on, a.left_on as left_on, a.csm as csm,
        toDate('2149-06-06') as never,
        a.is_paying as pays,
        b.onboarded_on != never as is_onboarded,
        toUInt8(b.due_on > w.opens_on and b.due_on <= b.day) as is_due
    from onboarding_days as b
    join account_days as a on a.day = b.day and a.account_id = b.account_id
    join windows as w on w.day = b.day
    where w.window = '12m'
) as o
where o.is_due or o.pays and not o.is_onboarded
