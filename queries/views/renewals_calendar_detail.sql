-- The contracts behind the renewals of the months ahead.
--
-- Columns:
--   day               key   Day.
--   segment           label Touch model of the account at the day; of one that no longer pays, by the contract.
--   month             label Month in which the contract is due, as 2025-03.
--   account_id        key   Account.
--   contract_id       key   Contract.
--   source            key   System that the contract came from.
--   due_on            key   First day no longer covered, by the contract itself.
--   due_arr           part  Annual value of the contract, in the reporting currency.
--   due_contracts     part  1.
--   renewed_arr       part  What its renewal took over of that, where it is renewed already.
--   renewed_contracts part  1 where it is renewed already.
--   notice_arr        part  Its annual value where notice was given, or something without value has replaced it.
--   notice_contracts  part  1 where that is so.
--   outcome           fact  open, renewed or lost (notice was given).

select
    t.day as day,
    cs_segment(if(t.account_arr[4] > 0, t.account_arr[4], t.arr), t.segment_high_arr, t.segment_low_arr) as segment,
    formatDateTime(t.due_on, '%Y-%m') as month,
    t.account_id as account_id, t.contract_id as contract_id, t.source as source, t.due_on as due_on,
    t.arr as due_arr,
    toUInt8(1) as due_contracts,
    if(t.outcome = 'renewed', t.renewed_arr, toDecimal128(0, 12)) as renewed_arr,
    toUInt8(t.outcome = 'renewed') as renewed_contracts,
    if(t.outcome = 'lost', t.arr, toDecimal128(0, 12)) as notice_arr,
    toUInt8(t.outcome = 'lost') as notice_contracts,
    t.outcome as outcome
from renewal_terms as t
where t.due_on > t.day and t.due_on < addMonths(toStartOfMonth(t.day), 13)
