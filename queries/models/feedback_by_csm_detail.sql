-- What each CSM brought back from customers, item by item.
--
-- Columns:
--   csm         label Who brought it; else the owner of the account on that day; (none): nobody.
--   kind        label product_request, use_case_share, case_study.
--   window      label Length of the window: 1m, 3m, 12m.
--   source      key   System that it came from.
--   feedback_id key   Feedback.
--   account_id  key   Account that it came from.
--   items       part  1.
--   created_on  fact  Day on which it was brought.

select csm, kind, window, source, feedback_id, account_id, items, created_on
from cs.feedback_detail(as_of = {as_of:Date})
