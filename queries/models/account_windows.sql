-- What each account paid at the start of a window and at as_of.
--
-- Both ends are valued at the rate of as_of's fiscal year. The segment is the one at the start of the window; an account
-- that did not pay then has the one at as_of.
--
-- Columns:
--   account_id    key   Account.
--   window        label Length of the window: 1m, 3m, 12m.
--   segment       label Touch model at the start of the window.
--   to_segment    fact  Touch model at as_of; empty: no longer paying.
--   opening       fact  ARR at the start of the window.
--   closing       fact  ARR at as_of.
--   reported      fact  ARR at the start of the window at the rate of that day's fiscal year, as it was reported then.
--   first_paid_on fact  First day on which it paid.

select
    account_id,
    w.1 as window,
    cs_segment(if(opening > 0, opening, closing), segment_high_arr, segment_low_arr) as segment,
    if(closing > 0, cs_segment(closing, segment_high_arr, segment_low_arr), '') as to_segment,
    w.2 as opening,
    now as closing,
    if(addMonths({as_of:Date}, -w.4) >= fiscal_year_starts_on, opening, w.3) as reported,
    first_paid_on
from (
    select
        account_id,
        min(starts_on) as first_paid_on,
        sumIf(arr, active[1]) as now,
        [
            ('1m', sumIf(arr, active[2]), sumIf(previous_arr, active[2]), 1),
            ('3m', sumIf(arr, active[4]), sumIf(previous_arr, active[4]), 3),
            ('12m', sumIf(arr, active[13]), sumIf(previous_arr, active[13]), 12)
        ] as windows
    from cs.contract_arr(as_of = {as_of:Date})
    group by account_id
) as a
array join windows as w
cross join (select segment_high_arr, segment_low_arr, fiscal_year_starts_on from cs.policy(as_of = {as_of:Date})) as p
where opening > 0 or closing > 0
