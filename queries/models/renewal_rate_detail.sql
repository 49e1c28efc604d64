-- The contracts behind the renewal rate.
--
-- Columns:
--   segment            label Touch model of the account at the start of the window; of one that did not pay then, by the contract.
--   window             label Length of the window: 1m, 3m, 12m.
--   account_id         key   Account.
--   contract_id        key   Contract.
--   source             key   System that the contract came from.
--   renewed_arr        part  Annual value that was renewed, at most what was due.
--   due_arr            part  Annual value that was due.
--   uplift_arr         part  Annual value that the renewal added to what was due.
--   renewed_contracts  part  1 where it was renewed.
--   due_contracts      part  1.
--   uplifted_contracts part  1 where it was renewed for more.
--   downsold_contracts part  1 where it was renewed for less.
--   due_on             fact  First day no longer covered, by the contract itself.
--   outcome            fact  renewed or lost.

select
    cs_segment(if(account_arr[position] > 0, account_arr[position], t.arr), segment_high_arr, segment_low_arr) as segment,
    w.1 as window,
    account_id, contract_id, source,
    if(outcome = 'renewed', t.renewed_arr, toDecimal128(0, 12)) as renewed_arr,
    t.arr as due_arr,
    if(outcome = 'renewed', t.uplift_arr, toDecimal128(0, 12)) as uplift_arr,
    toUInt8(outcome = 'renewed') as renewed_contracts,
    toUInt8(1) as due_contracts,
    toUInt8(outcome = 'renewed' and t.uplift_arr > 0) as uplifted_contracts,
    toUInt8(outcome = 'renewed' and t.renewed_arr < t.arr) as downsold_contracts,
    due_on, outcome
from cs.renewal_terms(as_of = {as_of:Date}) as t
array join cs_windows({as_of:Date}) as w, [1, 2, 3] as position
where outcome in ('renewed', 'lost') and due_on > w.3 and due_on <= {as_of:Date}
