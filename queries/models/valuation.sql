-- Exchange rates for the fiscal year of as_of and for the year before, with the policy beside them; one row.
--
-- A fiscal year's rate is the one in force on its first day if that is not too old, else the first one dated inside the
-- year. A currency that is not in the map, or is there with 0, has none; whoever needs it raises the error
-- (functions/cs_rate.sql). One row, so that a query takes it as a scalar, which the engine plans once and forgets.
--
-- Columns:
--   rates                 fact  Reporting currency for one unit by ISO 4217 code, in the fiscal year of as_of and in the one before, Map(String, Tuple(Decimal, Decimal)); the empty code stands for the reporting currency.
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
    where rate > 0 and day <= {as_of:Date}
    group by currency, day
    union all
    select '' as code, {as_of:Date} as d, toDecimal64(1, 8) as r
),

fiscal as (
    select
        code, p.policy as policy,
        if(countIf(d between this_year - max_age and this_year) > 0, argMaxIf(r, d, d <= this_year), argMinIf(r, d, d > this_year)) as rate,
        if(countIf(d between last_year - max_age and last_year) > 0, argMaxIf(r, d, d <= last_year),
            argMinIf(r, d, d > last_year and d < this_year)) as previous_rate
    from daily
    cross join (
        select
            fiscal_year_starts_on as this_year, addMonths(fiscal_year_starts_on, -12) as last_year, fx_rate_max_age_days as max_age,
            (currency, fiscal_year_starts_on, fiscal_year_start, grace_days, renewal_overdue_days, segment_high_arr, segment_low_arr) as policy
        from cs.policy(as_of = {as_of:Date})
    ) as p
    group by code, policy, this_year, last_year, max_age
)

select
    mapUpdate(
        mapFromArrays(groupArray(code), groupArray((rate, previous_rate))),
        map('', (toDecimal64(1, 8), toDecimal64(1, 8)), any(policy.1), (toDecimal64(1, 8), toDecimal64(1, 8)))) as rates,
    any(policy.2) as fiscal_year_starts_on,
    any(policy.3) as fiscal_year_start,
    any(policy.4) as grace_days,
    any(policy.5) as renewal_overdue_days,
    any(policy.6) as segment_high_arr,
    any(policy.7) as segment_low_arr
from fiscal
