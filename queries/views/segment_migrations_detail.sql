-- The accounts that changed their touch model.
--
-- Columns:
--   day         key   Day.
--   segment     label Touch-model segment at the start of the window.
--   to_segment  label Touch-model segment at the day.
--   window      label Length of the window.
--   account_id  key   Account that paid at both ends.
--   accounts    part  1.
--   opening_arr part  ARR at the start of the window.
--   closing_arr part  ARR at the day.

select
    day, segment, to_segment, window, account_id,
    toUInt8(1) as accounts,
    opening as opening_arr,
    closing as closing_arr
from account_windows
where opening > 0 and closing > 0 and to_segment != segment
