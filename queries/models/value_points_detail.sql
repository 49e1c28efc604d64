-- The accounts behind the value points.
--
-- Columns:
--   segment          label Touch model by what the account paid on its first day.
--   point            label value_point_1, value_point_2, value_point_3.
--   account_id       key   Account.
--   due_accounts     part  1.
--   reached_accounts part  1 where it was reached by the first deadline.
--   due_on           fact  First deadline.
--   planned_due_on   fact  Deadline as planned at as_of; null: none any more.
--   reached_on       fact  Day on which it was reached; null: not yet.

select
    o.segment as segment, m.milestone as point, m.account_id as account_id,
    toUInt8(1) as due_accounts,
    toUInt8(m.reached_on <= m.first_due) as reached_accounts,
    m.first_due as due_on,
    nullIf(m.last_due, toDate('2149-06-06')) as planned_due_on,
    nullIf(m.reached_on, toDate('2149-06-06')) as reached_on
from cs.milestone_states(as_of = {as_of:Date}) as m
join cs.account_onboarding(as_of = {as_of:Date}) as o on o.account_id = m.account_id
where startsWith(m.milestone, 'value_point_') and m.first_due > addMonths({as_of:Date}, -12) and m.first_due <= {as_of:Date}
