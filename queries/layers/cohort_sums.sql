-- What the accounts of each calendar quarter pay at each age in months after their first contracts, together.
--
-- Accounts with the same currencies are together, so that those with a currency that has no exchange rate on a day can be left out.
--
-- Columns:
--   grace_days    key  Length of the grace period, as in cohort_terms.
--   quarter       key  First day of the calendar quarter of the first contract.
--   age           key  Age in months.
--   currencies    key  Currencies of the first day and of that age, Array(String).
--   accounts      fact Accounts.
--   remaining     fact Accounts that pay at that age.
--   first_amounts fact Annual values by currency on their first days, Map(String, Decimal).
--   amounts       fact Annual values by currency at that age, Map(String, Decimal).
--
-- Key: grace_days, quarter, age, currencies

select
    grace_days, toStartOfQuarter(first_paid_on) as quarter, age, arraySort(arrayDistinct(arrayConcat(mapKeys(t.first_amounts), mapKeys(t.amounts)))) as currencies,
    count() as accounts, countIf(notEmpty(mapKeys(t.amounts))) as remaining,
    sumMap(t.first_amounts) as first_amounts, sumMap(t.amounts) as amounts
from cohort_terms as t
group by grace_days, quarter, age, currencies
