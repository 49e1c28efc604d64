-- The accounts behind the retention of each quarter's new accounts.
--
-- One row per account and age that all accounts of its quarter have reached. An account that paid in a currency without exchange rate then or
-- on its first day is left out, and so is one that is in unvalued.
--
-- Columns:
--   day                key   Day.
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
    p.day as day,
    concat(toString(toYear(c.quarter)), '-Q', toString(toQuarter(c.quarter))) as cohort,
    toString(c.age) as age_months,
    c.account_id as account_id,
    toUInt8(1) as accounts,
    toUInt8(notEmpty(mapKeys(c.amounts))) as remaining_accounts,
    arraySum(arrayMap((currency, amount) -> amount * p.rates[currency], mapKeys(c.first_amounts), mapValues(c.first_amounts))) as opening_arr,
    arraySum(arrayMap((currency, amount) -> amount * p.rates[currency], mapKeys(c.amounts), mapValues(c.amounts))) as remaining_arr,
    c.first_paid_on as first_paid_on,
    addMonths(c.first_paid_on, c.age) as aged_on
from (select *, toStartOfQuarter(first_paid_on) as quarter from cohort_terms) as c
join policy_days as p on p.grace_days = c.grace_days
left anti join (select day, account_id from unvalued_days) as u on u.day = p.day and u.account_id = c.account_id
where addMonths(addMonths(c.quarter, 3) - 1, c.age) <= p.day and c.quarter > addMonths(toStartOfQuarter(p.day), -60)
    and hasAll(mapKeys(p.rates), arrayConcat(mapKeys(c.first_amounts), mapKeys(c.amounts)))
