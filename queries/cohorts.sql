-- Retention of each quarter's new accounts by age.
-- ja: コホート別の継続率
--
-- Accounts by the calendar quarter of their first contract; at each age in months the share of them that still pays, and
-- the share of their first ARR that is left. An age is shown once every account of the quarter has reached it.
--
-- Columns:
--   cohort             label Calendar quarter of the first contract, as 2024-Q1; the last twenty.
--   age_months         label Months since the account's first contract: 0 to 12, then by threes to 60.
--   logo_ratio         gauge Accounts that pay at that age over accounts of the cohort.
--   arr_ratio          gauge ARR at that age over ARR at the start.
--   accounts           gauge Accounts of the cohort.
--   remaining_accounts gauge Accounts that pay at that age.
--   opening_arr        gauge ARR of the cohort at the start, in the reporting currency.
--   remaining_arr      gauge ARR of the cohort at that age, in the reporting currency.
--
-- Every: 1h

select
    concat(toString(toYear(quarter)), '-Q', toString(toQuarter(quarter))) as cohort,
    toString(a.1) as age_months,
    cs_ratio(remaining_accounts, accounts) as logo_ratio,
    cs_ratio(sum(a.2), sum(first_arr)) as arr_ratio,
    count() as accounts,
    countIf(a.2 > 0) as remaining_accounts,
    cs_float(sum(first_arr)) as opening_arr,
    cs_float(sum(a.2)) as remaining_arr
from (
    select toStartOfQuarter(first_paid_on) as quarter, arr[1] as first_arr, arrayZip(ages, c.arr) as pairs
    from cs.cohort_ages(as_of = {as_of:Date}) as c
) as cohort_accounts
array join pairs as a
where addMonths(addMonths(quarter, 3) - 1, a.1) <= {as_of:Date} and quarter > addMonths(toStartOfQuarter({as_of:Date}), -60)
group by quarter, a.1
order by quarter, a.1
