-- The contracts behind the renewals ahead.
--
-- Columns:
--   segment     label Touch model of the account at as_of; of one that no longer pays, by the contract.
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
    cs_segment(if(account_arr[4] > 0, account_arr[4], t.arr), segment_high_arr, segment_low_arr) as segment,
    multiIf(due_on <= {as_of:Date}, 'overdue', due_on <= {as_of:Date} + 30, '0-30d', due_on <= {as_of:Date} + 60, '31-60d', '61-90d') as due,
    if(h.band = '', 'unknown', h.band) as band,
    t.account_id as account_id, contract_id, source, t.arr as arr, toUInt8(1) as contracts, due_on, outcome
from cs.renewal_terms(as_of = {as_of:Date}) as t
left join cs.account_health(as_of = {as_of:Date}) as h on h.account_id = t.account_id
where outcome = 'undecided' or is_active and due_on > {as_of:Date} and due_on <= {as_of:Date} + 90
