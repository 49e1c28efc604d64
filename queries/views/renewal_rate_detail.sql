-- The contracts behind the renewal rate.
--
-- Columns:
--   day                key   Day.
--   segment            label Touch model of the account at the start of the window; of one that did not pay then, by the contract.
--   window             label Length of the window.
--   account_id         key   Account.
--   contract_id        key   Contract.
--   source             key   System that the contract came from.
--   due_on             key   First day no longer covered, by the contract itself.
--   renewed_arr        part  Annual value that was renewed, at most what was due.
--   due_arr            part  Annual value that was due.
--   uplift_arr         part  Annual value that the renewal added to what was due.
--   renewed_contracts  part  1 where it was renewed.
--   due_contracts      part  1.
--   uplifted_contracts part  1 where it was renewed for more.
--   downsold_contracts part  1 where it was renewed for less.
--   outcome            fact  renewed or lost.

select
    t.day as day,
    cs_segment(if(w.opening > 0, w.opening, t.arr), t.segment_high_arr, t.segment_low_arr) as segment,
    w.window as window,
    t.account_id as account_id, t.contract_id as contract_id, t.source as source, t.due_on as due_on,
    if(t.outcome = 'renewed', t.renewed_arr, toDecimal128(0, 12)) as renewed_arr,
    t.arr as due_arr,
    if(t.outcome = 'renewed', t.uplift_arr, toDecimal128(0, 12)) as uplift_arr,
    toUInt8(t.outcome = 'renewed') as renewed_contracts,
    toUInt8(1) as due_contracts,
    toUInt8(t.outcome = 'renewed' and t.uplift_arr > 0) as uplifted_contracts,
    toUInt8(t.outcome = 'renewed' and t.renewed_arr < t.arr) as downsold_contracts,
    t.outcome as outcome
from renewal_terms as t
join (
    select day, account_id, w.1 as window, w.2 as opening
    from account_days
    array join [('1m', opening_1m), ('3m', opening_3m), ('12m', opening_12m), ('mtd', opening_mtd), ('qtd', opening_qtd), ('ytd', opening_ytd)] as w
) as w on w.day = t.day and w.account_id = t.account_id
join windows as o on o.day = t.day and o.window = w.window
where t.outcome in ('renewed', 'lost') and t.due_on > o.opens_on and t.due_on <= t.day
    and t.due_on > addMonths(t.day, -13) -- no window is longer, and this is done before the joins
