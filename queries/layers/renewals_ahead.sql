-- Contracts that are due within 90 days of each day, and those that ended without a word and are overdue.
--
-- Columns:
--   day         key  Day.
--   account_id  key  Account.
--   source      key  System that the contract came from.
--   contract_id key  Contract.
--   begins_on   key  First day on which it counts; if it was renewed in place, first day after that.
--   segment     fact Touch model of the account at the day; of one that no longer pays, by the contract.
--   due         fact overdue, 0-30d, 31-60d, 61-90d.
--   arr         fact Annual value of the contract, in the reporting currency.
--   due_on      fact First day no longer covered.
--   outcome     fact open, lost (notice was given) or undecided.
--
-- Key: day, account_id, source, contract_id, begins_on

select
    day, account_id, source, contract_id, begins_on,
    cs_segment(if(t.account_arr[4] > 0, t.account_arr[4], t.arr), segment_high_arr, segment_low_arr) as segment,
    multiIf(due_on <= day, 'overdue', due_on <= day + 30, '0-30d', due_on <= day + 60, '31-60d', '61-90d') as due,
    t.arr as arr, due_on, outcome
from renewal_terms as t
where day in {days:Array(Date)} and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    and (outcome = 'undecided' or is_active and due_on > day)
    and due_on <= day + 90
