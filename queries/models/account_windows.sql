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
--   reported      fact  ARR at the start of the window as it was reported then.
--   first_paid_on fact  First day on which it paid.

with
(select (segment_high_arr, segment_low_arr) from cs.policy(as_of = {as_of:Date})) as policy

select
    account_id,
    w.1 as window,
    cs_segment(if(opening > 0, opening, closing), policy.1, policy.2) as segment,
    if(closing > 0, cs_segment(closing, policy.1, policy.2), '') as to_segment,
    a.arr[w.2 + 1] as opening,
    a.arr[1] as closing,
    a.reported[w.2 + 1] as reported,
    first_paid_on
from cs.account_arr(as_of = {as_of:Date}) as a
array join [('1m', 1), ('3m', 3), ('12m', 12)] as w
where opening > 0 or closing > 0
