-- The accounts behind gross revenue retention.
--
-- One row per window and account that paid at its start.
--
-- Columns:
--   day               key   Day.
--   segment           label Touch model at the start of the window.
--   window            label Length of the window.
--   account_id        key   Account.
--   opening_arr       part  ARR at the start of the window.
--   retained_arr      part  What is left of it at the day, never more than it was.
--   closing_arr       fact  ARR at the day.
--   opening_contracts fact  Contracts that counted at the start of the window.
--   closing_contracts fact  Contracts that count at the day.

select
    day, segment, window, account_id, opening_arr,
    least(opening_arr, closing_arr) as retained_arr,
    closing_arr, opening_contracts, closing_contracts
from nrr_detail
