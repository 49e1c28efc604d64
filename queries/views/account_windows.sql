-- What each account paid at the start of a window and at the day.
--
-- Both ends are valued at the rate of the day's fiscal year. The segment is the one at the start of the window; an account
-- that did not pay then has the one of the day.
--
-- Columns:
--   day           key   Day at whose end the window ends.
--   account_id    key   Account.
--   window        label Length of the window.
--   segment       label Touch model at the start of the window.
--   to_segment    fact  Touch model at the day; empty: no longer paying.
--   opening       fact  ARR at the start of the window.
--   closing       fact  ARR at the day.
--   reported      fact  ARR at the start of the window at the rate of that day's fiscal year, as it was reported then.
--   first_paid_on fact  First day on which it paid.

select
    a.day as day, a.account_id as account_id, w.1 as window,
    cs_segment(if(w.2 > 0, w.2, a.arr), p.segment_high_arr, p.segment_low_arr) as segment,
    if(a.is_paying, a.segment, '') as to_segment,
    w.2 as opening, a.arr as closing, w.3 as reported, a.first_paid_on as first_paid_on
from account_days as a
join policy_days as p on p.day = a.day
array join [
    ('1m', a.opening_1m, a.reported_1m), ('3m', a.opening_3m, a.reported_3m), ('12m', a.opening_12m, a.reported_12m),
    ('mtd', a.opening_mtd, a.reported_mtd), ('qtd', a.opening_qtd, a.reported_qtd), ('ytd', a.opening_ytd, a.reported_ytd)] as w
where w.2 > 0 or a.is_paying
