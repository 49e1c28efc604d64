-- What each account that ever paid within 364 days paid then and pays on each day, at the policy and rates of the day.
--
-- An account is left out on the days for which a currency of it has no exchange rate.
--
-- Columns:
--   day          key  Day.
--   account_id   key  Account.
--   arr          fact ARR in the reporting currency.
--   opening_7d   fact ARR 7 days ago.
--   opening_28d  fact ARR 28 days ago.
--   opening_91d  fact ARR 91 days ago.
--   opening_364d fact ARR 364 days ago.
--
-- Key: day, account_id

with
arrayMin({days:Array(Date)}) as first_day,
arrayMax({days:Array(Date)}) as last_day

select
    x.day as day, x.account_id as account_id,
    sumIf(x.amount * p.rates[x.currency], x.ago = 0) as arr,
    sumIf(x.amount * p.rates[x.currency], x.ago = 7) as opening_7d,
    sumIf(x.amount * p.rates[x.currency], x.ago = 28) as opening_28d,
    sumIf(x.amount * p.rates[x.currency], x.ago = 91) as opening_91d,
    sumIf(x.amount * p.rates[x.currency], x.ago = 364) as opening_364d
from (
    select
        account_id, grace_days, currency, amount, ago,
        arrayJoin(arrayFilter(d -> since <= d - ago and d - ago < before, {days:Array(Date)})) as day
    from (
        select * from arr_spans
        where since <= last_day and before > first_day - 364 and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as s
    array join [0, 7, 28, 91, 364] as ago
    where since <= last_day - ago and before > first_day - ago
) as x
join (select day, grace_days, rates from policy_days where day in {days:Array(Date)}) as p on p.day = x.day and p.grace_days = x.grace_days
where (x.day, x.account_id) not in (select day, account_id from unvalued_days where day in {days:Array(Date)})
group by day, account_id
having countIf(not mapContains(p.rates, x.currency)) = 0
