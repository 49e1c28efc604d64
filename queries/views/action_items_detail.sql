-- The items behind the response plans.
--
-- One row per item that was due in the last 90 days, or is overdue.
--
-- Columns:
--   day           key   Day.
--   csm           label Who is to do it; where the item names nobody, the owner of the account on the day it was due; (none): nobody.
--   item_id       key   Action item.
--   source        key   System that the item came from.
--   account_id    key   Account.
--   due_items     part  1 where it was first due in the last 90 days.
--   on_time_items part  1 where it was done by then.
--   overdue_items part  1 where the deadline as planned on the day has passed and it is not done.
--   title         fact  What is to be done.
--   first_due_on  fact  Deadline that was planned first.
--   due_on        fact  Deadline as planned on the day.
--   done_on       fact  Day on which it was done; null: not yet.

select
    d.day as day, i.csm as csm, i.item_id as item_id, i.source as source, i.account_id as account_id,
    i.was_due as due_items,
    toUInt8(i.was_due and i.done_on <= i.first_due_on) as on_time_items,
    i.is_overdue as overdue_items,
    i.title as title, i.first_due_on as first_due_on, i.due_on as due_on,
    nullIf(i.done_on, toDate('2149-06-06')) as done_on
from action_item_spans as i
cross join (select day from policy_days) as d
where i.since <= d.day and i.before > d.day and (i.was_due or i.is_overdue)
