-- The accounts behind logo churn.
--
-- One row per window and account that paid at its start.
--
-- Columns:
--   day               key   Day.
--   segment           label Touch model at the start of the window.
--   window            label Length of the window.
--   account_id        key   Account.
--   opening_accounts  part  1.
--   lost_accounts     part  1 where it no longer pays at the day.
--   opening_arr       fact  ARR at the start of the window.
--   closing_arr       fact  ARR at the day.
--   opening_contracts fact  Contracts that counted at the start of the window.
--   closing_contracts fact  Contracts that count at the day.

select
    day, segment, window, account_id,
    accounts as opening_accounts,
    toUInt8(closing_arr = 0) as lost_accounts,
    opening_arr, closing_arr, opening_contracts, closing_contracts
from nrr_detail
