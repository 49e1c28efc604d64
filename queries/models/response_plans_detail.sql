-- The accounts behind the response plans.
--
-- One row per account with ARR at risk.
--
-- Columns:
--   segment          label Touch model at as_of.
--   account_id       key   Account.
--   at_risk_accounts part  1.
--   planned_accounts part  1 where an action item is open.
--   at_risk_arr      part  ARR at risk.
--   unplanned_arr    part  ARR at risk where none is.
--   csm              fact  Owner at as_of.
--   items            fact  Open action items.
--   band             fact  Health band.

select
    segment, account_id, toUInt8(1) as at_risk_accounts, toUInt8(planned_items > 0) as planned_accounts,
    at_risk_arr, if(planned_items > 0, toDecimal128(0, 12), at_risk_arr) as unplanned_arr, csm, planned_items as items, band
from cs.account_risks(as_of = {as_of:Date})
where at_risk_arr > 0
