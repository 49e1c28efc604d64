-- Every time that an account's ARR reached zero by the day.
--
-- The day is the first one on which nothing was paid. An account that came back and left again is here twice. The reason is
-- that of the largest contract that ended on the day and names one. What was paid in a currency without exchange rate is left out, and so is an
-- account that is in unvalued.
--
-- Columns:
--   day         key   Day.
--   account_id  key   Account.
--   churned_on  key   First day without ARR.
--   fiscal_year label Fiscal year of that day, as FY24.
--   reason      label Reason; unknown where none is given.
--   segment     fact  Touch model by what it had paid.
--   arr         part  ARR before, at the rate of the day's fiscal year.
--   accounts    part  1.
--   contracts   fact  Contracts that ended on the day.

select
    e.day as day, e.account_id as account_id, e.churned_on as churned_on,
    concat('FY', substring(toString(toYear(addMonths(churned_on, (13 - fiscal_year_start) % 12))), 3, 2)) as fiscal_year,
    if(largest.1 = '', 'unknown', largest.1) as reason,
    cs_segment(arr, segment_high_arr, segment_low_arr) as segment,
    arr,
    toUInt8(1) as accounts,
    contracts
from (
    select
        p.day as day, c.account_id as account_id, c.churned_on as churned_on, c.contracts as contracts,
        arraySum(arrayMap(x -> x.2 * p.rates[x.1], c.amounts)) as arr,
        if(length(c.reasons) = 1, c.reasons[1], arrayReverseSort(r -> (r.1 != '', r.3 * p.rates[r.2], r.4), c.reasons)[1]) as largest,
        p.fiscal_year_start as fiscal_year_start, p.segment_high_arr as segment_high_arr, p.segment_low_arr as segment_low_arr
    from churns as c
    join policy_days as p on p.grace_days = c.grace_days
    where c.churned_on <= p.day and arrayAll(x -> mapContains(p.rates, x.1), c.amounts)
) as e
left anti join (select day, account_id from unvalued_days) as u on u.day = e.day and u.account_id = e.account_id
