-- Company totals of every trailing month of each day, of which net revenue retention by its definitions is made.
--
-- The points are the ends of the day and of the same day in each of the twelve months before; those of the last day of a
-- month are last days of months, as the openings of windows are. All is at the rates of the day's fiscal year.
--
-- Columns:
--   day           key  Day.
--   totals        fact ARR by months before the day, 13 entries.
--   stayed        fact ARR k - 1 months before the day of the accounts that paid k months before, k = 1 to 12.
--   steps         fact Retention from k to k - 1 months before the day, k = 1 to 12; NaN where nothing was paid.
--   reported      fact ARR as it was reported then, by months before the day, 13 entries.
--   kept          fact ARR at the day of the accounts that paid k months before, k = 1 to 12.
--   kept_not_new  fact ARR at the day of the accounts that had paid by k months before, then or earlier, k = 1 to 12.
--
-- Key: day

with
(select arraySort({days:Array(Date)})) as ordered,
-- The days of each point, by months before; both ascend, so that what holds on some days of a point is a range of positions.
-- (Subqueries are computed once; expressions would be analysed wherever they are used, which takes longer than all the rest.)
(select arrayMap(k -> arrayMap(d -> if(d = toLastDayOfMonth(d), toLastDayOfMonth(addMonths(d, -k)), addMonths(d, -k)), arraySort({days:Array(Date)})), range(13))) as points,
(select arrayMap(p -> p[1], points)) as firsts,
(select arrayMap(p -> p[-1], points)) as lasts,

graces as (select distinct grace_days from policy_days where day in {days:Array(Date)}),

amounts as (
    select account_id, grace_days, toString(currency) as currency, since, before, s.amount as amount
    from arr_spans as s
    where since <= lasts[1] and before > firsts[13] and grace_days in graces
),

-- When each account pays in any currency.
paying as (
    select account_id, grace_days, since, before, first_paid_on
    from (
        select account_id, grace_days, since, n, min(since) over account as first_paid_on, leadInFrame(since, 1, toDate('2149-06-06')) over account as before
        from (
            select account_id, grace_days, since, n, lagInFrame(n, 1, toInt64(0)) over (partition by account_id, grace_days order by since rows between unbounded preceding and unbounded following) as n_before
            from (
                select account_id, grace_days, since, sum(sum(c.2)) over (partition by account_id, grace_days order by since) as n
                from (select account_id, grace_days, arrayJoin([(s.since, 1), (s.before, -1)]) as c, c.1 as since from arr_spans as s where grace_days in graces) as ends
                group by account_id, grace_days, since
            ) as counted
        ) as steps
        where (n > 0) != (n_before > 0)
        window account as (partition by account_id, grace_days order by since rows between unbounded preceding and unbounded following)
    ) as spans
    where n > 0 and since <= lasts[1] and before > firsts[13]
),

-- The positions from which on, and before which, an amount counts. An amount lies within one of the account's spans of paying.
ranges as (
    select x.1 as sums, x.2 as k, grace_days, currency, x.3 as first, x.4 as next, sum(r.amount) as amount
    from (
        select
            a.grace_days as grace_days, a.currency as currency, a.amount as amount, a.since as since, a.before as before, p.since as paying_since, p.before as paying_before,
            arrayConcat(
                if(since < paying_since or before > paying_before, [], arrayMap(
                    k -> (toUInt8(1), toUInt8(k), arrayCount(d -> d < since, points[k + 1]), arrayCount(d -> d < before, points[k + 1])), range(13))),
                arrayMap(k -> (toUInt8(2), toUInt8(k),
                    arrayCount((d, e) -> d < paying_since or e < since, points[k + 1], points[k]),
                    arrayCount((d, e) -> d < paying_before and e < before, points[k + 1], points[k])), range(1, 13)),
                if(before <= firsts[1], [], arrayMap(k -> (toUInt8(3), toUInt8(k),
                    arrayCount((d, e) -> d < paying_since or e < since, points[k + 1], ordered),
                    arrayCount((d, e) -> d < paying_before and e < before, points[k + 1], ordered)), range(1, 13))),
                if(before <= firsts[1] or since < paying_since or before > paying_before, [], arrayMap(k -> (toUInt8(4), toUInt8(k),
                    arrayCount((d, e) -> d < p.first_paid_on or e < since, points[k + 1], ordered),
                    arrayCount(e -> e < before, ordered)), range(1, 13)))) as sums_of
        from amounts as a
        join paying as p on p.account_id = a.account_id and p.grace_days = a.grace_days
    ) as r
    array join arrayFilter(x -> x.3 < x.4, sums_of) as x
    group by sums, k, grace_days, currency, first, next
),

-- sums: 1 totals, 2 stayed, 3 kept, 4 kept_not_new.
by_day as (
    select sums, k, grace_days, currency, x.1 as day, x.2 as on, x.3 as amount
    from (
        select
            sums, k, grace_days, currency, groupArray((position, change)) as changes,
            arrayMap((d, on, i) -> (d, on, arraySum(arrayMap(c -> if(c.1 < i, c.2, toDecimal128(0, 4)), changes))), ordered, points[k + 1], arrayEnumerate(ordered)) as amounts_by_day
        from (
            select sums, k, grace_days, currency, c.1 as position, sum(c.2) as change
            from ranges
            array join [(first, amount), (next, -amount)] as c
            group by sums, k, grace_days, currency, position
        ) as changed
        group by sums, k, grace_days, currency
    ) as lines
    array join amounts_by_day as x
)

select
    day,
    sumForEachIf(arrayMap(i -> if(i = k, amount * rate, toDecimal128(0, 12)), range(13)), sums = 1) as totals,
    sumForEachIf(arrayMap(i -> if(i = k, amount * rate, toDecimal128(0, 12)), range(1, 13)), sums = 2) as stayed,
    arrayMap(i -> ifNull(cs_ratio(stayed[i], totals[i + 1]), nan), range(1, 13)) as steps,
    sumForEachIf(arrayMap(i -> if(i = k, amount * rate_then, toDecimal128(0, 12)), range(13)), sums = 1) as reported,
    sumForEachIf(arrayMap(i -> if(i = k, amount * rate, toDecimal128(0, 12)), range(1, 13)), sums = 3) as kept,
    sumForEachIf(arrayMap(i -> if(i = k, amount * rate, toDecimal128(0, 12)), range(1, 13)), sums = 4) as kept_not_new
from (
    select
        p.day as day, b.sums as sums, b.k as k, b.amount as amount,
        p.rates[b.currency] as rate, if(b.on >= p.fiscal_year_starts_on, rate, p.previous_rates[b.currency]) as rate_then
    from (select day, grace_days, rates, previous_rates, fiscal_year_starts_on from policy_days where day in {days:Array(Date)}) as p
    left join by_day as b on b.day = p.day and b.grace_days = p.grace_days
) as valued
group by day
