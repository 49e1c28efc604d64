-- Contracts that are due within 90 days, and those that ended without a word and are overdue.
--
-- Columns:
--   segment     label Touch model of the account at as_of; of one that no longer pays, by the contract.
--   due         label overdue, 0-30d, 31-60d, 61-90d.
--   account_id  key   Account.
--   contract_id key   Contract.
--   source      key   System that the contract came from.
--   arr         fact  Annual value of the contract, in the reporting currency.
--   due_on      fact  First day no longer covered.
--   outcome     fact  open, lost (notice was given) or undecided.

select
    cs_segment(if(account_arr[4] > 0, account_arr[4], t.arr), segment_high_arr, segment_low_arr) as segment,
    multiIf(due_on <= {as_of:Date}, 'overdue', due_on <= {as_of:Date} + 30, '0-30d', due_on <= {as_of:Date} + 60, '31-60d', '61-90d') as due,
    account_id, contract_id, source, t.arr as arr, due_on, outcome
from cs.renewal_terms(as_of = {as_of:Date}) as t
where outcome = 'undecided' or is_active and due_on > {as_of:Date} and due_on <= {as_of:Date} + 90
