-- What each CSM brought back from customers, item by item.
--
-- Columns:
--   day         key   Day.
--   csm         label Who brought it; else the owner of the account on that day; (none): nobody.
--   kind        label product_request, use_case_share, case_study.
--   window      label Length of the window.
--   source      key   System that it came from.
--   feedback_id key   Feedback.
--   account_id  key   Account that it came from.
--   items       part  1.
--   created_on  fact  Day on which it was brought.

select day, csm, kind, window, source, feedback_id, account_id, items, created_on
from feedback_detail
