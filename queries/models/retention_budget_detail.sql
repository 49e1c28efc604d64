-- The accounts behind ARR lost and its budget.
--
-- One row per window of days and account that paid at its start.
--
-- Columns:
--   segment       label Touch model at the start of the window.
--   window        label Length of the window: 7d, 28d, 91d, 364d.
--   account_id    key   Account.
--   lost_arr      part  ARR lost since the start of the window.
--   budget_arr    part  ARR that the target of the segment allows to lose in it; 0 without a target.
--   opening_arr   part  ARR at the start of the window.
--   accounts      part  1.
--   lost_accounts part  1 where it pays less now, or nothing.
--   closing_arr   fact  ARR at as_of.

select
    w.segment as segment, concat(toString(w.length), 'd') as window, w.account_id as account_id,
    w.opening - least(w.opening, w.closing) as lost_arr,
    toDecimal128(round(toFloat64(w.opening) * t.allowed * w.length / 365, 4), 4) as budget_arr,
    w.opening as opening_arr, toUInt8(1) as accounts, toUInt8(w.closing < w.opening) as lost_accounts, w.closing as closing_arr
from (
    select
        account_id, length,
        cs_segment(opening, any(segment_high_arr), any(segment_low_arr)) as segment,
        sumIf(c.arr, starts_on <= {as_of:Date} - length and {as_of:Date} - length < counts_before) as opening,
        sumIf(c.arr, is_active) as closing
    from cs.contract_arr(as_of = {as_of:Date}) as c
    array join [7, 28, 91, 364] as length
    group by account_id, length
) as w
left join (
    select segment, greatest(0., 1 - toFloat64(assumeNotNull(target))) as allowed
    from cs.targets_detail(as_of = {as_of:Date})
    where kpi = 'grr.ratio' and segment != '' and target is not null
) as t on t.segment = w.segment
where w.opening > 0
