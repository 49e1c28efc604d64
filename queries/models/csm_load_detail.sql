-- The accounts behind the load of each CSM.
--
-- One row per account that pays at as_of.
--
-- Columns:
--   csm         label Owner at as_of; (none): nobody.
--   account_id  key   Account.
--   accounts    part  1.
--   arr         part  ARR.
--   at_risk_arr part  ARR at risk.
--   segment     fact  Touch model at as_of.
--   phase       fact  Lifecycle phase.
--   band        fact  Health band.

select csm, account_id, toUInt8(1) as accounts, arr, at_risk_arr, segment, phase, band
from cs.account_risks(as_of = {as_of:Date})
