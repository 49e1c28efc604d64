-- Company totals of every trailing month of each day, of which net revenue retention by its definitions is made.
--
-- The points are the ends of the day and of the same day in each of the twelve months before; those of the last day of a
-- month are last days of months, as the openings of windows are. All is at the rates of the day's fiscal year. Accounts in unvalued_days are left
-- out, and so are those that paid within the twelve months in a currency without a rate.
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
arrayMin({days:Array(Date)}) as first_day,
arrayMax({days:Array(Date)}) as last_day,

graces as (select distinct grace_days from policy_days where day in {days:Array(Date)}),

-- The days on which an account is left out.
left_out as (
    select account_id, arraySort(groupUniqArray(day)) as days_out
    from (
        select day, account_id from unvalued_days where day in {days:Array(Date)}
        union all
        select p.day as day, s.account_id as account_id
        from (
            select account_id, grace_days, toString(s.currency) as currency, since, before
            from arr_spans as s
            where since <= last_day and s.before > addMonths(first_day, -12)
                and s.currency not in (select arrayJoin(groupArrayIntersect(arrayIntersect(mapKeys(rates), mapKeys(previous_rates)))) from policy_days where day in {days:Array(Date)})
        ) as s
        join (select day, grace_days, rates, previous_rates, fiscal_year_starts_on from policy_days where day in {days:Array(Date)}) as p on p.grace_days = s.grace_days
        where s.since <= p.day and s.before > addMonths(p.day, -12)
            and (not mapContains(p.rates, s.currency) or s.since < p.fiscal_year_starts_on and not mapContains(p.previous_rates, s.currency))
    ) as found
    group by account_id
),

-- Months are added only to days that leave room for them in a Date.
amounts as (
    select s.account_id as account_id, grace_days, toString(currency) as currency, since, least(s.before, toDate('2148-01-01')) as ends_before, s.amount as amount, o.days_out as days_out
    from arr_spans as s
    left join left_out as o on o.account_id = s.account_id
    where since <= last_day and s.before > addMonths(first_day, -12) and grace_days in graces
),

-- When each account pays in any currency.
paying as (
    select account_id, grace_days, since, least(before, toDate('2148-01-01')) as ends_before, first_paid_on
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
    where n > 0 and since <= last_day and before > addMonths(first_day, -12)
),

-- The days on which an amount begins and ceases to count. The point k months before a day is at or after another day exactly if the day
-- is at or after that day plus k months, month ends included. An amount lies within one of the account's spans of paying.
changes as (
    select sums, k, grace_days, currency, days_out, c.1 as changed_on, sum(c.2) as change
    from (
        select toUInt8(1) as sums, toUInt8(months) as k, grace_days, currency, days_out, amount, addMonths(since, months) as counts_from, addMonths(ends_before, months) as counts_before
        from amounts
        array join range(13) as months
        union all
        select x.1 as sums, k, grace_days, currency, days_out, amount, x.2 as counts_from, x.3 as counts_before
        from (
            select
                a.grace_days as grace_days, a.currency as currency, a.days_out as days_out, a.amount as amount, a.since as since, a.ends_before as ends_before,
                a.since >= p.since and a.ends_before <= p.ends_before as is_own, p.first_paid_on as first_paid_on,
                toUInt8(months) as k, addMonths(p.since, months) as paying_from, addMonths(p.ends_before, months) as paying_before
            from amounts as a
            join paying as p on p.account_id = a.account_id and p.grace_days = a.grace_days
            array join range(1, 13) as months
        ) as r
        array join [
            (toUInt8(2), greatest(paying_from, addMonths(since, k - 1)), least(paying_before, addMonths(ends_before, k - 1))),
            (toUInt8(3), greatest(paying_from, since), least(paying_before, ends_before)),
            (toUInt8(4), greatest(addMonths(first_paid_on, k), since), if(is_own, ends_before, since))] as x
    ) as counted
    array join [(greatest(counts_from, first_day), amount), (counts_before, -amount)] as c
    where counts_from < counts_before and counts_from <= last_day and counts_before > first_day and changed_on <= last_day
    group by sums, k, grace_days, currency, days_out, changed_on
)

-- The numbers of sums: 1 totals, 2 stayed, 3 kept, 4 kept_not_new, 5 reported. Of 16 numbers each has one for k.
select
    day, totals, stayed, arrayMap((part, total) -> ifNull(cs_ratio(part, total), nan), stayed, arraySlice(totals, 2)) as steps, reported, kept, kept_not_new
from (
    select
        p.day as day,
        arrayMap(k -> f.found[toUInt8(16 + k)], range(13)) as totals,
        arrayMap(k -> f.found[toUInt8(32 + k)], range(1, 13)) as stayed,
        arrayMap(k -> f.found[toUInt8(80 + k)], range(13)) as reported,
        arrayMap(k -> f.found[toUInt8(48 + k)], range(1, 13)) as kept,
        arrayMap(k -> f.found[toUInt8(64 + k)], range(1, 13)) as kept_not_new
    from (select day from policy_days where day in {days:Array(Date)}) as p
    left join (
        select day, mapFromArrays(arrayConcat(groupArray(what), groupArray(toUInt8(what + 64))), arrayConcat(groupArray(amount), groupArray(amount_then))) as found
        from (
            select
                r.day as day, toUInt8(16 * c.sums + c.k) as what, sum(c.change * r.rate) as amount,
                sum(c.change * if(r.day >= addMonths(r.fiscal_year_starts_on, c.k), r.rate, r.previous_rate)) as amount_then
            from changes as c
            join (
                select day, grace_days, fiscal_year_starts_on, x.1 as currency, x.2 as rate, previous_rates[x.1] as previous_rate
                from policy_days
                array join arrayZip(mapKeys(rates), mapValues(rates)) as x
                where day in {days:Array(Date)}
            ) as r on r.grace_days = c.grace_days and r.currency = c.currency
            where c.changed_on <= r.day and not has(c.days_out, r.day)
            group by day, what
        ) as summed
        group by day
    ) as f on f.day = p.day
) as lists
