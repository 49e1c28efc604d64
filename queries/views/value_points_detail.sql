-- The accounts behind the value points.
--
-- Columns:
--   day              key   Day.
--   segment          label Touch model by what the account paid on its first day.
--   point            label value_point_1, value_point_2, value_point_3.
--   account_id       key   Account.
--   due_accounts     part  1.
--   reached_accounts part  1 where it was reached by the first deadline.
--   due_on           fact  First deadline.
--   planned_due_on   fact  Deadline as planned on the day; null: none any more.
--   reached_on       fact  Day on which it was reached; null: not yet.

select
    m.day as day, o.segment as segment, m.point as point, m.account_id as account_id,
    toUInt8(1) as due_accounts,
    toUInt8(m.reached_on <= m.first_due) as reached_accounts,
    m.first_due as due_on,
    nullIf(m.last_due, toDate('2149-06-06')) as planned_due_on,
    nullIf(m.reached_on, toDate('2149-06-06')) as reached_on
from (
    select w.day as day, s.account_id as account_id, s.point as point, s.first_due as first_due, s.last_due as last_due, s.reached_on as reached_on
    from value_point_spans as s
    cross join (select day, opens_on from windows where window = '12m') as w
    where s.since <= w.day and s.before > w.day and s.first_due > w.opens_on and s.first_due <= w.day
) as m
join onboarding_days as o on o.day = m.day and o.account_id = m.account_id
