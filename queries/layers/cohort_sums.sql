-- What the accounts of each calendar quarter pay at each age in months after their first contracts, together.
--
-- Columns:
--   grace_days    key  Length of the grace period, as in cohort_terms.
--   quarter       key  First day of the calendar quarter of the first contract.
--   age           key  Age in months.
--   accounts      fact Accounts.
--   remaining     fact Accounts that pay at that age.
--   amounts       fact Annual values by currency at that age, Map(String, Decimal).
--
-- Key: grace_days, quarter, age

select
    grace_days, toStartOfQuarter(first_paid_on) as quarter, age,
    count() as accounts, countIf(notEmpty(mapKeys(t.amounts))) as remaining,
    sumMap(t.amounts) as amounts
from cohort_terms as t
group by grace_days, quarter, age
