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
    select
        p.day as day,
        concat(toString(toYear(c.quarter)), '-Q', toString(toQuarter(c.quarter))) as cohort,
        toString(c.age) as age_months,
        c.accounts as accounts, c.remaining as remaining_accounts,
        arraySum(arrayMap((currency, amount) -> amount * p.rates[currency], mapKeys(f.amounts), mapValues(f.amounts))) as opening,
        arraySum(arrayMap((currency, amount) -> amount * p.rates[currency], mapKeys(c.amounts), mapValues(c.amounts))) as remaining
    from cohort_sums as c
    join (select grace_days, quarter, amounts from cohort_sums where age = 0) as f on f.grace_days = c.grace_days and f.quarter = c.quarter
    join policy_days as p on p.grace_days = c.grace_days
    where addMonths(addMonths(c.quarter, 3) - 1, c.age) <= p.day and c.quarter > addMonths(toStartOfQuarter(p.day), -60)
) as at_age
