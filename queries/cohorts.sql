-- Retention of each quarter's new accounts by age.
-- ja: コホート別の継続率
--
-- Accounts by the calendar quarter of their first contract; at each age in months the share of them that still pays, and
-- the share of their first ARR that is left. An age is shown once every account of the quarter has reached it.
--
-- ja: 最初の契約の四半期ごとに顧客をまとめ、経過月数ごとに、契約が続いている社数の割合と、当初ARRのうち残っている割合を示す。四半
-- ja: 期の全顧客がその月数に達してから表示する。
--
-- Columns:
--   day                key   Day.
--   cohort             label Calendar quarter of the first contract, as 2024-Q1; the last twenty.
--   age_months         label Months since the account's first contract: 0 to 12, then by threes to 60.
--   logo_ratio         gauge Accounts that pay at that age over accounts of the cohort.
--   arr_ratio          gauge ARR at that age over ARR at the start.
--   accounts           gauge Accounts of the cohort.
--   remaining_accounts gauge Accounts that pay at that age.
--   opening_arr        gauge ARR of the cohort at the start, in the reporting currency.
--   remaining_arr      gauge ARR of the cohort at that age, in the reporting currency.
--
-- Group: Revenue, 14
-- Every: 1h

select
    day, cohort, age_months,
    cs_ratio(remaining_accounts, accounts) as logo_ratio,
    cs_ratio(remaining, opening) as arr_ratio,
    accounts, remaining_accounts,
    cs_float(opening) as opening_arr,
    cs_float(remaining) as remaining_arr
from (
    select day, concat(toString(toYear(quarter)), '-Q', toString(toQuarter(quarter))) as cohort, toString(age) as age_months,
        sum(x.accounts) as accounts, sum(x.remaining_accounts) as remaining_accounts, sum(x.opening) as opening, sum(x.remaining) as remaining
    from (
        select
            p.day as day, c.quarter as quarter, c.age as age, toInt64(c.accounts) as accounts, toInt64(c.remaining) as remaining_accounts,
            arraySum(arrayMap((currency, amount) -> amount * p.rates[currency], mapKeys(c.first_amounts), mapValues(c.first_amounts))) as opening,
            arraySum(arrayMap((currency, amount) -> amount * p.rates[currency], mapKeys(c.amounts), mapValues(c.amounts))) as remaining
        from cohort_sums as c
        join policy_days as p on p.grace_days = c.grace_days
        where addMonths(addMonths(c.quarter, 3) - 1, c.age) <= p.day and c.quarter > addMonths(toStartOfQuarter(p.day), -60) and hasAll(mapKeys(p.rates), c.currencies)
        union all
        -- Less the accounts that are left out on the day for another currency, which are few.
        select
            p.day as day, toStartOfQuarter(c.first_paid_on) as quarter, c.age as age, toInt64(-1) as accounts, -toInt64(notEmpty(mapKeys(c.amounts))) as remaining_accounts,
            -arraySum(arrayMap((currency, amount) -> amount * p.rates[currency], mapKeys(c.first_amounts), mapValues(c.first_amounts))) as opening,
            -arraySum(arrayMap((currency, amount) -> amount * p.rates[currency], mapKeys(c.amounts), mapValues(c.amounts))) as remaining
        from (select * from cohort_terms where account_id in (select account_id from unvalued_days)) as c
        join (select distinct day, account_id from unvalued_days) as u on u.account_id = c.account_id
        join policy_days as p on p.day = u.day and p.grace_days = c.grace_days
        where addMonths(addMonths(toStartOfQuarter(c.first_paid_on), 3) - 1, c.age) <= p.day and toStartOfQuarter(c.first_paid_on) > addMonths(toStartOfQuarter(p.day), -60)
            and hasAll(mapKeys(p.rates), arrayConcat(mapKeys(c.first_amounts), mapKeys(c.amounts)))
    ) as x
    group by day, quarter, age
    having accounts > 0
) as at_age
