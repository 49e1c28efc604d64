-- ARR of each account that ever paid, at the end of each day and of the same day in each of the twelve months before.
--
-- For one day, or a few: this reads what all accounts ever paid for each. Arrays have 13 entries, by months before the day; the
-- points are those of nrr_months, and so is which accounts are left out for want of an exchange rate.
--
-- Columns:
--   day           key  Day.
--   account_id    key  Account.
--   first_paid_on fact First day on which it paid.
--   points        fact The 13 days, Array(Date).
--   arr           fact ARR at the rate of the day's fiscal year.
--   reported      fact ARR at the rate of each point's own fiscal year, as it was reported then.

with
toDecimal128(0, 12) as zero

select
    x.day as day, x.account_id as account_id, min(x.since) as first_paid_on, any(points) as points,
    sumForEach(arrayMap(d -> if(x.since <= d and d < x.before, x.amount * x.rate, zero), x.points)) as arr,
    sumForEach(arrayMap(d -> multiIf(d < x.since or d >= x.before, zero, d >= x.fiscal_year_starts_on, x.amount * x.rate, x.amount * x.previous_rate), x.points)) as reported
from (
    select
        p.day as day, s.account_id as account_id, s.since as since, s.before as before, s.amount as amount,
        p.rates[s.currency] as rate, p.previous_rates[s.currency] as previous_rate,
        s.before > addMonths(p.day, -12) and (not mapContains(p.rates, s.currency) or s.since < p.fiscal_year_starts_on and not mapContains(p.previous_rates, s.currency)) as has_no_rate,
        p.fiscal_year_starts_on as fiscal_year_starts_on,
        arrayMap(k -> if(p.day = toLastDayOfMonth(p.day), toLastDayOfMonth(addMonths(p.day, -k)), addMonths(p.day, -k)), range(13)) as points
    from arr_spans as s
    join policy_days as p on p.grace_days = s.grace_days
    where s.since <= p.day
) as x
left anti join (select day, account_id from unvalued_days) as u on u.day = x.day and u.account_id = x.account_id
group by day, account_id
having countIf(x.has_no_rate) = 0
