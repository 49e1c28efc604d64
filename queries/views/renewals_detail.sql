-- The contracts behind the renewals ahead.
--
-- Columns:
--   day         key   Day.
--   segment     label Touch model of the account at the day; of one that no longer pays, by the contract.
--   due         label overdue, 0-30d, 31-60d, 61-90d.
--   band        label Health band of the account; unknown where it no longer pays.
--   account_id  key   Account.
--   contract_id key   Contract.
--   source      key   System that the contract came from.
--   arr         part  Annual value of the contract, in the reporting currency.
--   contracts   part  1.
--   due_on      fact  First day no longer covered.
--   outcome     fact  open, lost (notice was given) or undecided.

select
    t.day as day, t.segment as segment, t.due as due,
    if(h.band = '', 'unknown', h.band) as band,
    t.account_id as account_id, t.contract_id as contract_id, t.source as source, t.arr as arr, toUInt8(1) as contracts,
    t.due_on as due_on, t.outcome as outcome
from renewals_ahead as t
left join (select day, account_id, band from health_days) as h on h.day = t.day and h.account_id = t.account_id
