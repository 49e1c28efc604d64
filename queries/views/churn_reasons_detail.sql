-- The accounts behind the churn reasons.
--
-- Columns:
--   day         key   Day.
--   fiscal_year label Fiscal year, as FY24.
--   reason      label Primary reason; unknown where none is given, (other) beyond the twenty most frequent.
--   account_id  key   Account.
--   churned_on  key   First day without ARR.
--   accounts    part  1.
--   arr         part  ARR before, at the rate of the day's fiscal year.
--   said        fact  Reason as the source names it.
--   contracts   fact  Contracts that ended on the day.

with
recent as (
    select e.*
    from churn_events as e
    join policy_days as p on p.day = e.day
    where e.churned_on >= addMonths(p.fiscal_year_starts_on, -48)
)

select
    e.day as day, e.fiscal_year as fiscal_year,
    if(has(f.reasons, e.reason), e.reason, '(other)') as reason,
    e.account_id as account_id, e.churned_on as churned_on, e.accounts as accounts, e.arr as arr, e.reason as said, e.contracts as contracts
from recent as e
join (
    select day, arrayMap(x -> x.2, arraySlice(arraySort(groupArray((-frequency, reason))), 1, 20)) as reasons
    from (select day, reason, toInt64(count()) as frequency from recent group by day, reason) as r
    group by day
) as f on f.day = e.day
