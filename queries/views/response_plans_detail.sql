-- The accounts behind the response plans.
--
-- One row per account with ARR at risk.
--
-- Columns:
--   day              key   Day.
--   segment          label Touch model on the day.
--   account_id       key   Account.
--   at_risk_accounts part  1.
--   planned_accounts part  1 where an action item is open.
--   at_risk_arr      part  ARR at risk.
--   unplanned_arr    part  ARR at risk where none is.
--   csm              fact  Owner on the day.
--   items            fact  Open action items.
--   band             fact  Health band.

select
    day, segment, account_id, toUInt8(1) as at_risk_accounts, toUInt8(planned_items > 0) as planned_accounts,
    r.at_risk_arr as at_risk_arr, if(planned_items > 0, toDecimal128(0, 12), r.at_risk_arr) as unplanned_arr, csm, planned_items as items, band
from risk_days as r
where r.at_risk_arr > 0
