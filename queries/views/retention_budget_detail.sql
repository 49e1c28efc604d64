-- The accounts behind ARR lost and its budget.
--
-- One row per window of days and account that paid at its start.
--
-- Columns:
--   day           key   Day.
--   segment       label Touch model at the start of the window.
--   window        label Length of the window: 7d, 28d, 91d, 364d.
--   account_id    key   Account.
--   lost_arr      part  ARR lost since the start of the window.
--   budget_arr    part  ARR that the target of the segment allows to lose in it; 0 without a target.
--   opening_arr   part  ARR at the start of the window.
--   accounts      part  1.
--   lost_accounts part  1 where it pays less now, or nothing.
--   closing_arr   fact  ARR at the day.

select
    w.day as day, w.segment as segment, w.window as window, w.account_id as account_id,
    w.opening - least(w.opening, w.closing) as lost_arr,
    toDecimal128(round(toFloat64(w.opening) * t.allowed * w.length / 365, 4), 4) as budget_arr,
    w.opening as opening_arr, toUInt8(1) as accounts, toUInt8(w.closing < w.opening) as lost_accounts, w.closing as closing_arr
from (
    select
        b.day as day, b.account_id as account_id, x.1 as length, concat(toString(x.1), 'd') as window, x.2 as opening, b.arr as closing,
        cs_segment(x.2, p.segment_high_arr, p.segment_low_arr) as segment
    from budget_days as b
    join policy_days as p on p.day = b.day
    array join [(7, b.opening_7d), (28, b.opening_28d), (91, b.opening_91d), (364, b.opening_364d)] as x
    where x.2 > 0
) as w
left join (
    select day, segment, greatest(0., 1 - toFloat64(assumeNotNull(target))) as allowed
    from targets_detail
    where kpi = 'grr.ratio' and segment != '' and target is not null
) as t on t.day = w.day and t.segment = w.segment
