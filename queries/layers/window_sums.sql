-- ARR of the accounts in each window, by their segments at both of its ends and by what became of it.
--
-- The accounts of a row pay all more, all less, or all as much as at the start of the window. So the sum of a lesser or greater of the two
-- ends over accounts is the sum over these rows, and retention over years reads hundreds of rows a day in place of sixty thousand.
--
-- Columns:
--   day        key  Day at whose end the window ends.
--   window     key  Length of the window.
--   segment    key  Touch model at the start of the window; of accounts that did not pay then, at the day.
--   to_segment key  Touch model at the day; empty: no longer paying.
--   movement   key  new, expansion, contraction, churn or reactivation; empty: none.
--   opening    fact ARR at the start of the window.
--   closing    fact ARR at the day.
--   reported   fact ARR at the start of the window at the rate of that day's fiscal year, as it was reported then.
--   accounts   fact Accounts.
--   revalued   fact Accounts of which opening is not what was reported.
--
-- Key: day, window, segment, to_segment, movement

with
policy as (
    select
        p.day as day, toDecimal128(any(p.segment_high_arr), 12) as high, toDecimal128(any(p.segment_low_arr), 12) as low,
        maxIf(w.opens_on, w.window = '1m') as opens_1m, maxIf(w.opens_on, w.window = '3m') as opens_3m, maxIf(w.opens_on, w.window = '12m') as opens_12m,
        maxIf(w.opens_on, w.window = 'mtd') as opens_mtd, maxIf(w.opens_on, w.window = 'qtd') as opens_qtd, maxIf(w.opens_on, w.window = 'ytd') as opens_ytd
    from policy_days as p
    join windows as w on w.day = p.day
    where p.day in {days:Array(Date)}
    group by day
),

-- In numbers, which group faster than names. segment_now: 1 tech, 2 low, 3 high, as in cs_segment; 0: it does not pay. state, by window: the
-- segment in the same numbers, 4 where its rate changed, and 16 times 1 new, 2 reactivation, 3 churn, 4 expansion, 5 contraction, as in
-- account_movements; 0: it is not in the window.
states as (
    select
        a.day as day, a.arr as arr,
        a.opening_1m as opening_1m, a.reported_1m as reported_1m,
        a.opening_3m as opening_3m, a.reported_3m as reported_3m,
        a.opening_12m as opening_12m, a.reported_12m as reported_12m,
        a.opening_mtd as opening_mtd, a.reported_mtd as reported_mtd,
        a.opening_qtd as opening_qtd, a.reported_qtd as reported_qtd,
        a.opening_ytd as opening_ytd, a.reported_ytd as reported_ytd,
        toUInt8(if(arr = 0, 0, 1 + (arr >= p.low) + (arr >= p.high))) as segment_now,
        toUInt8(if(opening_1m = 0,
            if(segment_now = 0, 0, segment_now + 4 * (reported_1m != 0) + if(first_paid_on > p.opens_1m, 16, 32)),
            1 + (opening_1m >= p.low) + (opening_1m >= p.high) + 4 * (opening_1m != reported_1m) + multiIf(arr = opening_1m, 0, arr = 0, 48, arr > opening_1m, 64, 80))) as state_1m,
        toUInt8(if(opening_3m = 0,
            if(segment_now = 0, 0, segment_now + 4 * (reported_3m != 0) + if(first_paid_on > p.opens_3m, 16, 32)),
            1 + (opening_3m >= p.low) + (opening_3m >= p.high) + 4 * (opening_3m != reported_3m) + multiIf(arr = opening_3m, 0, arr = 0, 48, arr > opening_3m, 64, 80))) as state_3m,
        toUInt8(if(opening_12m = 0,
            if(segment_now = 0, 0, segment_now + 4 * (reported_12m != 0) + if(first_paid_on > p.opens_12m, 16, 32)),
            1 + (opening_12m >= p.low) + (opening_12m >= p.high) + 4 * (opening_12m != reported_12m) + multiIf(arr = opening_12m, 0, arr = 0, 48, arr > opening_12m, 64, 80))) as state_12m,
        toUInt8(if(opening_mtd = 0,
            if(segment_now = 0, 0, segment_now + 4 * (reported_mtd != 0) + if(first_paid_on > p.opens_mtd, 16, 32)),
            1 + (opening_mtd >= p.low) + (opening_mtd >= p.high) + 4 * (opening_mtd != reported_mtd) + multiIf(arr = opening_mtd, 0, arr = 0, 48, arr > opening_mtd, 64, 80))) as state_mtd,
        toUInt8(if(opening_qtd = 0,
            if(segment_now = 0, 0, segment_now + 4 * (reported_qtd != 0) + if(first_paid_on > p.opens_qtd, 16, 32)),
            1 + (opening_qtd >= p.low) + (opening_qtd >= p.high) + 4 * (opening_qtd != reported_qtd) + multiIf(arr = opening_qtd, 0, arr = 0, 48, arr > opening_qtd, 64, 80))) as state_qtd,
        toUInt8(if(opening_ytd = 0,
            if(segment_now = 0, 0, segment_now + 4 * (reported_ytd != 0) + if(first_paid_on > p.opens_ytd, 16, 32)),
            1 + (opening_ytd >= p.low) + (opening_ytd >= p.high) + 4 * (opening_ytd != reported_ytd) + multiIf(arr = opening_ytd, 0, arr = 0, 48, arr > opening_ytd, 64, 80))) as state_ytd
    from account_days as a
    any left join policy as p on p.day = a.day
    where a.day in {days:Array(Date)}
)

select
    day, w.1 as window, ['', 'tech', 'low', 'high'][1 + bitAnd(w.2, 3)] as segment, ['', 'tech', 'low', 'high'][1 + s.segment_now] as to_segment,
    ['', 'new', 'reactivation', 'churn', 'expansion', 'contraction'][1 + intDiv(w.2, 16)] as movement,
    sum(w.3) as opening, sum(s.closing) as closing, sum(w.4) as reported, sum(s.accounts) as accounts, sumIf(s.accounts, bitAnd(w.2, 4) != 0) as revalued
from (
    select
        day, segment_now, state_1m, state_3m, state_12m, state_mtd, state_qtd, state_ytd,
        sum(s.arr) as closing, count() as accounts,
        sum(s.opening_1m) as opening_1m, sum(s.reported_1m) as reported_1m,
        sum(s.opening_3m) as opening_3m, sum(s.reported_3m) as reported_3m,
        sum(s.opening_12m) as opening_12m, sum(s.reported_12m) as reported_12m,
        sum(s.opening_mtd) as opening_mtd, sum(s.reported_mtd) as reported_mtd,
        sum(s.opening_qtd) as opening_qtd, sum(s.reported_qtd) as reported_qtd,
        sum(s.opening_ytd) as opening_ytd, sum(s.reported_ytd) as reported_ytd
    from states as s
    group by day, segment_now, state_1m, state_3m, state_12m, state_mtd, state_qtd, state_ytd
) as s
array join [
    ('1m', state_1m, opening_1m, reported_1m), ('3m', state_3m, opening_3m, reported_3m), ('12m', state_12m, opening_12m, reported_12m),
    ('mtd', state_mtd, opening_mtd, reported_mtd), ('qtd', state_qtd, opening_qtd, reported_qtd), ('ytd', state_ytd, opening_ytd, reported_ytd)] as w
where w.2 != 0
group by day, window, segment, to_segment, movement
