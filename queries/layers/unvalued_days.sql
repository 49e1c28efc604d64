-- Accounts that are left out on a day, since a currency of theirs has no exchange rate.
--
-- An account whose ARR on the day, or at the start of one of its windows, is in a currency that has no rate in the fiscal year of the
-- day is in no KPI of that day, rather than in some with a part of its ARR. All others are. What an account paid before the
-- fiscal year began needs the rate of the year before as well, which says what was reported then.
--
-- Columns:
--   day        key  Day.
--   account_id key  Account.
--   currency   key  Currency without a rate, ISO 4217.
--   amount     fact ARR on the day in this currency.
--
-- Key: day, account_id, currency

with
looks as (
    select
        p.day as day, w.1 = '' as is_day, w.2 as looked_on, p.grace_days as grace_days,
        if(w.2 >= p.fiscal_year_starts_on, mapKeys(p.rates), arrayIntersect(mapKeys(p.rates), mapKeys(p.previous_rates))) as known
    from (select day, fiscal_year_starts_on, grace_days, rates, previous_rates from policy_days where day in {days:Array(Date)}) as p
    join (select day, groupArray((window, opens_on)) as opened from windows where day in {days:Array(Date)} group by day) as o on o.day = p.day
    array join arrayPushBack(o.opened, ('', p.day)) as w
)

select l.day as day, t.account_id as account_id, t.currency as currency, sumIf(toDecimal128(t.acv, 4), l.is_day) as amount
from (
    select account_id, currency, acv, counts_from, counts_before, resumes_on, notice_on
    from contract_terms
    where acv > 0 and counts_from < counts_before and currency not in (
            select arrayJoin(groupArrayIntersect(arrayIntersect(mapKeys(rates), mapKeys(previous_rates)))) from policy_days where day in {days:Array(Date)})
        and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
) as t
cross join looks as l
where t.counts_from <= l.looked_on and l.looked_on < greatest(t.counts_before, least(t.resumes_on, t.notice_on, t.counts_before + l.grace_days))
group by day, account_id, currency
having countIf(not has(l.known, t.currency)) > 0
