-- The accounts behind onboarding.
--
-- One row per account that is in any of the numbers: its first deadline lies in the last 12 months, or it pays and is not onboarded.
--
-- Columns:
--   segment           label Touch model by what it paid on its first day.
--   account_id        key   Account.
--   in_progress       part  1 where it pays and is not onboarded.
--   overdue           part  1 where it is in progress and the first deadline was before as_of.
--   due_accounts      part  1 where the first deadline lies in the last 12 months.
--   on_time_accounts  part  1 where that is met.
--   late_accounts     part  1 where it was onboarded after it.
--   extended_accounts part  1 where it was due and its deadline was moved to a later day or taken away.
--   csm               fact  Owner at as_of; (none): nobody.
--   first_paid_on     fact  First day on which it ever paid.
--   due_on            fact  First deadline.
--   planned_due_on    fact  Deadline as planned at as_of; null: none any more.
--   onboarded_on      fact  Day on which it was onboarded; null: not yet.
--   left_on           fact  First day without ARR; null: still pays.

select
    segment, account_id,
    toUInt8(pays and not is_onboarded) as in_progress,
    toUInt8(pays and not is_onboarded and o.due_on < {as_of:Date}) as overdue,
    is_due as due_accounts,
    toUInt8(is_due and o.onboarded_on <= o.due_on) as on_time_accounts,
    toUInt8(is_due and is_onboarded and o.onboarded_on > o.due_on) as late_accounts,
    toUInt8(is_due and o.planned_due_on > o.due_on) as extended_accounts,
    csm, first_paid_on, o.due_on as due_on,
    nullIf(o.planned_due_on, never) as planned_due_on,
    nullIf(o.onboarded_on, never) as onboarded_on,
    nullIf(o.left_on, never) as left_on
from (
    select
        b.account_id as account_id, b.segment as segment, b.first_paid_on as first_paid_on, b.due_on as due_on, b.planned_due_on as planned_due_on,
        b.onboarded_on as onboarded_on, b.left_on as left_on,
        toDate('2149-06-06') as never,
        b.left_on = never as pays,
        b.onboarded_on != never as is_onboarded,
        toUInt8(b.due_on > addMonths({as_of:Date}, -12) and b.due_on <= {as_of:Date}) as is_due,
        if(a.csm = '', '(none)', a.csm) as csm
    from cs.account_onboarding(as_of = {as_of:Date}) as b
    left join cs.account_owners(as_of = {as_of:Date}) as a on a.account_id = b.account_id
) as o
where is_due or pays and not is_onboarded
