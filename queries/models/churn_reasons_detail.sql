-- The accounts behind the churn reasons.
--
-- Columns:
--   fiscal_year label Fiscal year, as FY24.
--   reason      label Primary reason; unknown where none is given, (other) beyond the twenty most frequent.
--   account_id  key   Account.
--   churned_on  key   First day without ARR.
--   accounts    part  1.
--   arr         part  ARR before, at the rate of as_of's fiscal year.
--   said        fact  Reason as the source names it.
--   contracts   fact  Contracts that ended on the day.

select
    fiscal_year,
    if(dense_rank() over (order by frequency desc, said) <= 20, said, '(other)') as reason,
    account_id, churned_on, accounts, arr, said, contracts
from (
    select fiscal_year, reason as said, account_id, churned_on, accounts, arr, contracts, count() over (partition by reason) as frequency
    from cs.churn_events(as_of = {as_of:Date})
    cross join (select fiscal_year_starts_on from cs.policy(as_of = {as_of:Date})) as p
    where churned_on >= addMonths(fiscal_year_starts_on, -48)
) as e
