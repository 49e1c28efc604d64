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

-- The days on which an account is left out.
left_out as (
    select account_id, arraySort(groupUniqArray(day)) as days_out
    from (
        select day, account_id from unvalued_days where day in {days:Array(Date)}
        union all
        select p.day as day, s.account_id as account_id
        from arr_spans as s
        join (select day, grace_days, rates, previous_rates, fiscal_year_starts_on from policy_days where day in {days:Array(Date)}) as p on p.grace_days = s.grace_days
        where s.since <= p.day and s.before > addMonths(p.day, -12)
            and s.since <= last_day and s.before > addMonths(first_day, -12)
            and (not mapContains(p.rates, toString(s.currency)) or s.since < p.fiscal_year_starts_on and not mapContains(p.previous_rates, toString(s.currency)))
            and s.currency not in (select arrayJoin(groupArrayIntersect(arrayIntersect(mapKeys(rates), mapKeys(previous_rates)))) from policy_days where day in {days:Array(Date)})
    ) as found
    group by account_id
),

-- The days on which an amount begins and ceases to count. It lies within one of the account's spans of paying, and is beside each of them here.
-- The point k months before a day is at or after another day exactly if the day is at or after that day plus k months, month ends
-- included. Months are added only to days that leave room for them in a Date.
-- (All of it is one lambda, since the engine hashes the query below for each function of a column.)
changes as (
    select c.1 as sums, c.2 as k, grace_days, currency, days_out, c.3 as changed_on, sum(c.4) as change
    from (
        select
            s.grace_days as grace_days, s.currency as currency, o.days_out as days_out,
            arrayJoin(arrayMap(
                (amount, since, before, paying_since, paying_before, first_paid_on, is_own) -> arrayFlatten(arrayMap(
                    x -> if(x.3 < x.4 and x.3 <= last_day and x.4 > first_day, arrayFilter(c -> c.3 <= last_day, [(x.1, x.2, greatest(x.3, first_day), amount), (x.1, x.2, x.4, -amount)]), []),
                    arrayConcat(
                        if(is_own, arrayMap(k -> (toUInt8(1), toUInt8(k), addMonths(since, k), addMonths(before, k)), range(13)), []),
                        arrayMap(k -> (toUInt8(2), toUInt8(k), greatest(addMonths(paying_since, k), addMonths(since, k - 1)), least(addMonths(paying_before, k), addMonths(before, k - 1))), range(1, 13)),
                        arrayMap(k -> (toUInt8(3), toUInt8(k), greatest(addMonths(paying_since, k), since), least(addMonths(paying_before, k), before)), range(1, 13)),
                        if(is_own, arrayMap(k -> (toUInt8(4), toUInt8(k), greatest(addMonths(first_paid_on, k), since), before), range(1, 13)), [])))),
                [s.amount], [s.since], [least(s.before, toDate('2148-01-01'))], [p.since], [least(p.before, toDate('2148-01-01'))], [p.first_paid_on],
                [s.since >= p.since and s.before <= p.before])[1]) as c
        from (
            select account_id, grace_days, toString(s.currency) as currency, since, before, amount from arr_spans as s
            where since <= last_day and s.before > addMonths(first_day, -12) and grace_days in (select distinct grace_days from policy_days where day in {days:Array(Date)})
        ) as s
        join (select * from paying_spans as p where since <= last_day and p.before > addMonths(first_day, -12)) as p on p.account_id = s.account_id and p.grace_days = s.grace_days
        left join left_out as o on o.account_id = s.account_id
    ) as counted
    group by sums, k, grace_days, currency, days_out, changed_on
)

-- The numbers of sums: 1 totals, 2 stayed, 3 kept, 4 kept_not_new, 5 reported. Of 16 numbers each has one for k.
-- Of a day on which nobody paid there are only zeros.
select day, lists.1 as totals, lists.2 as stayed, lists.3 as steps, lists.4 as reported, lists.5 as kept, lists.6 as kept_not_new
from (
    select
        day,
        arrayMap(found -> (
            arrayMap(k -> found[toUInt8(16 + k)], range(13)),
            arrayMap(k -> found[toUInt8(32 + k)], range(1, 13)),
            arrayMap(k -> ifNull(cs_ratio(found[toUInt8(32 + k)], found[toUInt8(16 + k)]), nan), range(1, 13)),
            arrayMap(k -> found[toUInt8(80 + k)], range(13)),
            arrayMap(k -> found[toUInt8(48 + k)], range(1, 13)),
            arrayMap(k -> found[toUInt8(64 + k)], range(1, 13))),
            [mapFromArrays(arrayConcat(groupArray(what), groupArray(toUInt8(what + 64))), arrayConcat(groupArray(amount), groupArray(amount_then)))])[1] as lists
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
        union all
        select day, toUInt8(0) as what, toDecimal128(0, 12) as amount, toDecimal128(0, 12) as amount_then from policy_days where day in {days:Array(Date)}
    ) as summed
    group by day
) as f
