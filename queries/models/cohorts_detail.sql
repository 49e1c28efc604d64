-- The accounts behind the retention of each quarter's new accounts.
--
-- One row per account and age that all accounts of its quarter have reached.
--
-- Columns:
--   cohort             label Calendar quarter of the first contract, as 2024-Q1.
--   age_months         label Months since the account's first contract.
--   account_id         key   Account.
--   accounts           part  1.
--   remaining_accounts part  1 where it pays at that age.
--   opening_arr        part  ARR on its first day.
--   remaining_arr      part  ARR at that age.
--   first_paid_on      fact  First day on which it paid.
--   aged_on            fact  Day on which it had that age.

select
    cohort,
    toString(a.1) as age_months,
    account_id,
    toUInt8(1) as accounts,
    toUInt8(a.2 > 0) as remaining_accounts,
    first_arr as opening_arr,
    a.2 as remaining_arr,
    first_paid_on,
    addMonths(first_paid_on, a.1) as aged_on
from (
    select
        account_id, first_paid_on,
        toStartOfQuarter(first_paid_on) as quarter,
        concat(toString(toYear(quarter)), '-Q', toString(toQuarter(quarter))) as cohort,
        c.arr[1] as first_arr,
        arrayZip(ages, c.arr) as pairs
    from cs.cohort_ages(as_of = {as_of:Date}) as c
) as cohort_accounts
array join pairs as a
where addMonths(addMonths(quarter, 3) - 1, a.1) <= {as_of:Date} and quarter > addMonths(toStartOfQuarter({as_of:Date}), -60)
