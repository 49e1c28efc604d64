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
    cohort, age_months,
    cs_ratio(sum(d.remaining_accounts), sum(d.accounts)) as logo_ratio,
    cs_ratio(sum(d.remaining_arr), sum(d.opening_arr)) as arr_ratio,
    sum(d.accounts) as accounts,
    sum(d.remaining_accounts) as remaining_accounts,
    cs_float(sum(d.opening_arr)) as opening_arr,
    cs_float(sum(d.remaining_arr)) as remaining_arr
from cs.cohorts_detail(as_of = {as_of:Date}) as d
group by cohort, age_months
order by cohort, toUInt8(age_months)
