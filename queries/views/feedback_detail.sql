-- What CS brought back from customers, item by item.
--
-- Columns:
--   day         key   Day.
--   kind        label product_request, use_case_share, case_study.
--   window      label Length of the window.
--   source      key   System that it came from.
--   feedback_id key   Feedback.
--   account_id  key   Account that it came from.
--   items       part  1.
--   accounts    part  1 on the account's first item of the kind in the window.
--   csm         fact  Who brought it; else the owner of the account at the end of that day; (none): nobody.
--   created_on  fact  Day on which it was brought.

select
    w.day as day, f.kind as kind, w.window as window, f.source as source, f.feedback_id as feedback_id, f.account_id as account_id,
    toUInt8(1) as items,
    toUInt8(f.previous_on <= w.opens_on) as accounts,
    f.csm as csm, f.created_on as created_on
from feedback_items as f
cross join windows as w
where f.created_on > w.opens_on and f.created_on <= w.day
