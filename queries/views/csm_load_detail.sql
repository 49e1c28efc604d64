-- The accounts behind the load of each CSM.
--
-- One row per account that pays on the day.
--
-- Columns:
--   day         key   Day.
--   csm         label Owner on the day; (none): nobody.
--   account_id  key   Account.
--   accounts    part  1.
--   arr         part  ARR.
--   at_risk_arr part  ARR at risk.
--   segment     fact  Touch model on the day.
--   phase       fact  Lifecycle phase.
--   band        fact  Health band.

select day, csm, account_id, toUInt8(1) as accounts, arr, at_risk_arr, segment, phase, band
from risk_days
