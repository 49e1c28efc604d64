-- The accounts behind revenue churn.
--
-- One row per window and account that paid at its start.
--
-- Columns:
--   day               key   Day.
--   segment           label Touch model at the start of the window.
--   window            label Length of the window.
--   account_id        key   Account.
--   opening_arr       part  ARR at the start of the window.
--   lost_arr          part  All of it, where the account left.
--   contracted_arr    part  What it pays less, where it stayed.
--   expanded_arr      part  What it pays more.
--   closing_arr       fact  ARR at the day.
--   opening_contracts fact  Contracts that counted at the start of the window.
--   closing_contracts fact  Contracts that count at the day.

select
    day, segment, window, account_id, opening_arr,
    if(closing_arr = 0, opening_arr, toDecimal128(0, 12)) as lost_arr,
    if(closing_arr > 0, greatest(opening_arr - closing_arr, toDecimal128(0, 12)), toDecimal128(0, 12)) as contracted_arr,
    greatest(closing_arr - opening_arr, toDecimal128(0, 12)) as expanded_arr,
    closing_arr, opening_contracts, closing_contracts
from nrr_detail
