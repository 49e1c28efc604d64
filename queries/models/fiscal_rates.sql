-- The one exchange rate of each currency for the fiscal year of as_of, and that of the year before.
--
-- A fiscal year's rate is the one in force on its first day if that is not too old, else the first one dated inside the
-- year. 0: there is none; whoever needs it raises the error (functions/cs_rate.sql).
--
-- Columns:
--   currency      key   ISO 4217; the empty string stands for the reporting currency.
--   rate          fact  Reporting currency for one unit, in the fiscal year of as_of.
--   previous_rate fact  The same in the fiscal year before.

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
        countIf(d between this_year - age and this_year) > 0, argMaxIf(r, d, d <= this_year),
        argMinIf(r, d, d > this_year)) as rate,
    multiIf(
        code = '', toDecimal64(1, 8),
        countIf(d between last_year - age and last_year) > 0, argMaxIf(r, d, d <= last_year),
        argMinIf(r, d, d > last_year and d < this_year)) as previous_rate
from daily
cross join (
    select currency as reporting, fiscal_year_starts_on as this_year, addMonths(fiscal_year_starts_on, -12) as last_year, fx_rate_max_age_days as age
    from cs.policy(as_of = {as_of:Date})
) as p
where code != reporting
group by code
