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
--
-- Keep: 20s

select
    account_id, window,
    cs_segment(if(opening > 0, opening, closing), high_arr, low_arr) as segment,
    if(closing > 0, cs_segment(closing, high_arr, low_arr), '') as to_segment,
    opening, closing, reported, first_paid_on
from (
    select
        account_id,
        w.1 as window,
        sumIf(c.arr, starts_on <= w.3 and w.3 < counts_before) as opening,
        sumIf(c.arr, is_active) as closing,
        sumIf(if(w.3 >= fiscal_year_starts_on, c.arr, previous_arr), starts_on <= w.3 and w.3 < counts_before) as reported,
        min(starts_on) as first_paid_on,
        any(segment_high_arr) as high_arr,
        any(segment_low_arr) as low_arr
    from cs.contract_arr(as_of = {as_of:Date}) as c
    array join cs_windows({as_of:Date}) as w
    group by account_id, w
) as a
where opening > 0 or closing > 0
