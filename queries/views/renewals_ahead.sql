-- Contracts that are due within 90 days, and those that ended without a word and are overdue.
--
-- Columns:
--   day         key   Day.
--   segment     label Touch model of the account at the day; of one that no longer pays, by the contract.
--   due         label overdue, 0-30d, 31-60d, 61-90d.
--   account_id  key   Account.
--   contract_id key   Contract.
--   source      key   System that the contract came from.
--   arr         fact  Annual value of the contract, in the reporting currency.
--   due_on      fact  First day no longer covered.
--   outcome     fact  open, lost (notice was given) or undecided.

select
    day, cs_segment(if(t.account_arr[4] > 0, t.account_arr[4], t.arr), segment_high_arr, segment_low_arr) as segment,
    multiIf(due_on <= day, 'overdue', due_on <= day + 30, '0-30d', due_on <= day + 60, '31-60d', '61-90d') as due,
    account_id, contract_id, source, t.arr as arr, due_on, outcome
from renewal_terms as t
where (outcome = 'undecided' or is_active and due_on > day)
    and due_on <= day + 90
