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
arraySort({days:Array(Date)}) as ordered,
-- The days of each point, by months before; both ascend, so that what holds on some days of a point is a range of positions.
arrayMap(k -> arrayMap(d -> if(d = toLastDayOfMonth(d), toLastDayOfMonth(addMonths(d, -k)), addMonths(d, -k)), ordered), range(13)) as points,
arrayMap(p -> p[1], points) as firsts,
arrayMap(p -> p[-1], points) as lasts,

graces as (select distinct grace_days from policy_days where day in {days:Array(Date)}),

amounts as (
    select account_id, grace_days, toString(currency) as currency, since, before, s.amount as amount
    from arr_spans as s
    where since <= lasts[1] and before > firsts[13] and grace_days in graces
),

-- When each account pays in any currency.
paying as (
    select account_id, grace_days, since, before
    from (
        select account_id, grace_days, since, n, leadInFrame(since, 1, toDate('2149-06-06')) over account as before
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

-- The positions from which on, and before which, an amount counts.
ranges as (
    select 'totals' as sums, k, grace_days, currency, amount,
        arrayCount(d -> d < since, points[k + 1]) as first, arrayCount(d -> d < before, points[k + 1]) as next
    from amounts
    array join arrayFilter(k -> since <= lasts[k + 1] and before > firsts[k + 1], range(13)) as k
    union all
    select 'stayed' as sums, k, a.grace_days as grace_days, a.currency as currency, a.amount as amount,
        arrayCount((d, e) -> d < p.since or e < a.since, points[k + 1], points[k]) as first,
        arrayCount((d, e) -> d < p.before and e < a.before, points[k + 1], points[k]) as next
    from amounts as a
    join paying as p on p.account_id = a.account_id and p.grace_days = a.grace_days
    array join arrayFilter(k -> a.since <= lasts[k] and a.before > firsts[k] and p.since <= lasts[k + 1] and p.before > firsts[k + 1], range(1, 13)) as k
    union all
    select 'kept' as sums, k, a.grace_days as grace_days, a.currency as currency, a.amount as amount,
        arrayCount((d, e) -> d < p.since or e < a.since, points[k + 1], ordered) as first,
        arrayCount((d, e) -> d < p.before and e < a.before, points[k + 1], ordered) as next
    from (select * from amounts where before > firsts[1]) as a
    join paying as p on p.account_id = a.account_id and p.grace_days = a.grace_days
    array join arrayFilter(k -> p.since <= lasts[k + 1] and p.before > firsts[k + 1], range(1, 13)) as k
    union all
    select 'kept_not_new' as sums, k, a.grace_days as grace_days, a.currency as currency, a.amount as amount,
        arrayCount((d, e) -> d < p.first_paid_on or e < a.since, points[k + 1], ordered) as first,
        arrayCount(e -> e < a.before, ordered) as next
    from (select * from amounts where before > firsts[1]) as a
    join (select account_id, grace_days, min(s.since) as first_paid_on from arr_spans as s where grace_days in graces group by account_id, grace_days) as p on p.account_id = a.account_id and p.grace_days = a.grace_days
    array join arrayFilter(k -> p.first_paid_on <= lasts[k + 1], range(1, 13)) as k
),

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
            where first < next
            group by sums, k, grace_days, currency, position
        ) as changed
        group by sums, k, grace_days, currency
    ) as lines
    array join amounts_by_day as x
)

select
    day,
    sumForEachIf(arrayMap(i -> if(i = k, amount * rate, toDecimal128(0, 12)), range(13)), sums = 'totals') as totals,
    sumForEachIf(arrayMap(i -> if(i = k, amount * rate, toDecimal128(0, 12)), range(1, 13)), sums = 'stayed') as stayed,
    arrayMap(i -> ifNull(cs_ratio(stayed[i], totals[i + 1]), nan), range(1, 13)) as steps,
    sumForEachIf(arrayMap(i -> if(i = k, amount * rate_then, toDecimal128(0, 12)), range(13)), sums = 'totals') as reported,
    sumForEachIf(arrayMap(i -> if(i = k, amount * rate, toDecimal128(0, 12)), range(1, 13)), sums = 'kept') as kept,
    sumForEachIf(arrayMap(i -> if(i = k, amount * rate, toDecimal128(0, 12)), range(1, 13)), sums = 'kept_not_new') as kept_not_new
from (
    select
        p.day as day, b.sums as sums, b.k as k, b.amount as amount,
        p.rates[b.currency] as rate, if(b.on >= p.fiscal_year_starts_on, rate, p.previous_rates[b.currency]) as rate_then
    from (select day, grace_days, rates, previous_rates, fiscal_year_starts_on from policy_days where day in {days:Array(Date)}) as p
    left join by_day as b on b.day = p.day and b.grace_days = p.grace_days
) as valued
group by day
