-- Every time that an account's ARR reached zero by as_of.
--
-- The day is the first one on which nothing was paid. An account that came back and left again is here twice. The reason is
-- that of the largest contract that ended on the day and names one.
--
-- Columns:
--   account_id  key   Account.
--   churned_on  key   First day without ARR.
--   fiscal_year label Fiscal year of that day, as FY24.
--   reason      label Reason; unknown where none is given.
--   segment     fact  Touch model by what it had paid.
--   arr         part  ARR before, at the rate of as_of's fiscal year.
--   accounts    part  1.
--   contracts   fact  Contracts that ended on the day.

select
    account_id,
    churned_on,
    concat('FY', substring(toString(toYear(addMonths(churned_on, (13 - first_month) % 12))), 3, 2)) as fiscal_year,
    if(last_terms[1].4 = '', 'unknown', last_terms[1].4) as reason,
    cs_segment(arr, high_arr, low_arr) as segment,
    arraySum(arrayMap(t -> t.3, arrayFilter(t -> t.1 < churned_on and t.2 >= churned_on, terms))) as arr,
    toUInt8(1) as accounts,
    arraySort(arrayMap(t -> t.5, last_terms)) as contracts
from (
    select
        account_id,
        any(segment_high_arr) as high_arr,
        any(segment_low_arr) as low_arr,
        any(fiscal_year_start) as first_month,
        groupArray((starts_on, counts_before, c.arr, trimBoth(toString(cancel_reason)), contract_id)) as terms
    from cs.contract_arr(as_of = {as_of:Date}) as c
    group by account_id
) as a
array join arrayFilter(d -> d <= {as_of:Date} and not arrayExists(t -> t.1 <= d and t.2 > d, terms), arrayDistinct(arrayMap(t -> t.2, terms))) as churned_on
array join [arrayReverseSort(t -> (t.4 != '', t.3, t.5), arrayFilter(t -> t.2 = churned_on, terms))] as last_terms
