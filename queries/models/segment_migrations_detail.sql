-- The accounts that changed their touch model.
--
-- Columns:
--   segment     label Touch-model segment at the start of the window.
--   to_segment  label Touch-model segment at as_of.
--   window      label Length of the window: 1m, 3m, 12m.
--   account_id  key   Account that paid at both ends.
--   accounts    part  1.
--   opening_arr part  ARR at the start of the window.
--   closing_arr part  ARR at as_of.

select
    segment, to_segment, window, account_id,
    toUInt8(1) as accounts,
    opening as opening_arr,
    closing as closing_arr
from cs.account_windows(as_of = {as_of:Date})
where opening > 0 and closing > 0 and to_segment != segment
