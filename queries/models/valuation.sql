-- The one exchange rate of each currency for the fiscal year of as_of and for the year before, with the policy beside it.
--
-- A fiscal year's rate is the one in force on its first day if that is not too old, else the first one dated inside the
-- year. 0: there is none; whoever needs it raises the error (functions/cs_rate.sql). The policy rides along because every
-- model that the engine has to plan costs milliseconds, however small.
--
-- Columns:
--   currency              key   ISO 4217; the empty string stands for the reporting currency.
--   rate                  fact  Reporting currency for one unit, in the fiscal year of as_of.
--   previous_rate         fact  The same in the fiscal year before.
--   fiscal_year_starts_on fact  First day of the fiscal year of as_of.
--   fiscal_year_start     fact  First month of the fiscal year.
--   grace_days            fact  Setting.
--   renewal_overdue_days  fact  Setting.
--   segment_high_arr      fact  Setting.
--   segment_low_arr       fact  Setting.

with
daily as (
    select toString(currency) as code, day as d, argMax(rate, updated_at) as r
    from cs.fx_rates final
    where rate > 0 and day <= {as_of:Date} and currency != ''
    group by currency, day
    union all
    select '' as code, {as_of:Date} as d, toDecimal64(1, 8) as r
)

select
    arrayJoin(if(code = '', ['', any(reporting)], [code])) as currency,
    multiIf(
        code = '', toDecimal64(1, 8),
        countIf(d between this_year - max_age and this_year) > 0, argMaxIf(r, d, d <= this_year),
        argMinIf(r, d, d > this_year)) as rate,
    multiIf(
        code = '', toDecimal64(1, 8),
        countIf(d between last_year - max_age and last_year) > 0, argMaxIf(r, d, d <= last_year),
        argMinIf(r, d, d > last_year and d < this_year)) as previous_rate,
    this_year as fiscal_year_starts_on,
    any(p.fiscal_year_start) as fiscal_year_start,
    any(p.grace_days) as grace_days,
    any(p.renewal_overdue_days) as renewal_overdue_days,
    any(p.segment_high_arr) as segment_high_arr,
    any(p.segment_low_arr) as segment_low_arr
from daily
cross join (
    select
        currency as reporting, fiscal_year_starts_on as this_year, addMonths(fiscal_year_starts_on, -12) as last_year,
        fx_rate_max_age_days as max_age, fiscal_year_start, grace_days, renewal_overdue_days, segment_high_arr, segment_low_arr
    from cs.policy(as_of = {as_of:Date})
) as p
where code != reporting
group by code, this_year, last_year, max_age
