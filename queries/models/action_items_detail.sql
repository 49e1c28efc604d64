-- The items behind the response plans.
--
-- One row per item that was due in the last 90 days, or is overdue.
--
-- Columns:
--   csm           label Who is to do it; where the item names nobody, the owner of the account on the day it was due; (none): nobody.
--   item_id       key   Action item.
--   source        key   System that the item came from.
--   account_id    key   Account.
--   due_items     part  1 where it was first due in the last 90 days.
--   on_time_items part  1 where it was done by then.
--   overdue_items part  1 where the deadline as planned at as_of has passed and it is not done.
--   title         fact  What is to be done.
--   first_due_on  fact  Deadline that was planned first.
--   due_on        fact  Deadline as planned at as_of.
--   done_on       fact  Day on which it was done; null: not yet.

select
    multiIf(i.assigned != '', i.assigned, cs_owner_on(a.owners, i.day_end) != '', cs_owner_on(a.owners, i.day_end), '(none)') as csm,
    i.item_id as item_id, i.source as source, i.account_id as account_id,
    toUInt8(i.was_due) as due_items,
    toUInt8(i.was_due and i.done <= i.first_due) as on_time_items,
    toUInt8(i.is_overdue) as overdue_items,
    i.title as title, i.first_due as first_due_on, i.last_due as due_on,
    nullIf(i.done, toDate('2149-06-06')) as done_on
from (
    select
        item_id, source, account_id, s.csm as assigned, title, s.first_due_on as first_due, s.due_on as last_due, s.done_on as done,
        first_due > {as_of:Date} - 90 and first_due <= {as_of:Date} as was_due,
        last_due < {as_of:Date} and done > {as_of:Date} as is_overdue,
        toDateTime64(least(first_due, {as_of:Date}) + 1, 3, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) - interval 1 millisecond as day_end
    from cs.action_item_states(as_of = {as_of:Date}) as s
) as i
left join cs.account_owners(as_of = {as_of:Date}) as a on a.account_id = i.account_id
where i.was_due or i.is_overdue
