-- Policy in force at the end of as_of, one row.
--
-- Rows of cs.settings override the defaults (functions/cs_setting_defaults.sql) from their starts_on on, the latest start
-- first. One policy holds for all of a computation, the openings of its windows included.
--
-- Columns:
--   currency              fact  Reporting currency, ISO 4217.
--   timezone              fact  Reporting time zone, IANA.
--   fiscal_year_start     fact  First month of the fiscal year, 1 to 12.
--   segment_high_arr      fact  ARR from which an account is high touch.
--   segment_low_arr       fact  ARR from which an account is low touch; below it is tech touch.
--   grace_days            fact  Days for which an ended contract still counts while nothing has followed and no notice was given.
--   renewal_overdue_days  fact  Days after its end for which an unanswered renewal is overdue rather than lost.
--   fx_rate_max_age_days  fact  How old the rate on the first day of a fiscal year may be.
--   fiscal_year_starts_on fact  First day of the fiscal year.
--   fiscal_year           fact  Year in which the fiscal year ends.
--   coverage_days         fact  Days within which an account is to be touched, by segment, Map(String, UInt16).
--   onboarding_days       fact  Days from the first paid day to the deadline of onboarding where none is planned, by segment, Map(String, UInt16).
--   first_use_users       fact  Active users on one day that make the first real use, by segment, Map(String, UInt32).
--   risk_accounts         fact  Accounts that the KPI risk_accounts names.
--
-- Keep: 20s

select
    s['currency/'] as currency,
    s['timezone/'] as timezone,
    toInt32(s['fiscal_year_start/']) as fiscal_year_start,
    toDecimal128(s['segment_high_arr/'], 4) as segment_high_arr,
    toDecimal128(s['segment_low_arr/'], 4) as segment_low_arr,
    toUInt16(s['grace_days/']) as grace_days,
    toUInt16(s['renewal_overdue_days/']) as renewal_overdue_days,
    toUInt32(s['fx_rate_max_age_days/']) as fx_rate_max_age_days,
    addMonths(toStartOfYear(addMonths({as_of:Date}, 1 - fiscal_year_start)), fiscal_year_start - 1) as fiscal_year_starts_on,
    toYear(addMonths(fiscal_year_starts_on, 11)) as fiscal_year,
    mapApply((g, x) -> (g, toUInt16(arrayFirst(v -> v != '', [given[concat('coverage_days/', g)], given['coverage_days/'], s[concat('coverage_days/', g)]]))), segments) as coverage_days,
    mapApply((g, x) -> (g, toUInt16(arrayFirst(v -> v != '', [given[concat('onboarding_days/', g)], s['onboarding_days/']]))), segments) as onboarding_days,
    mapApply((g, x) -> (g, toUInt32(arrayFirst(v -> v != '', [given[concat('first_use_users/', g)], s['first_use_users/']]))), segments) as first_use_users,
    toUInt32(s['risk_accounts/']) as risk_accounts
from (
    select map('high', '', 'low', '', 'tech', '') as segments, mapFromArrays(groupArray(key), groupArray(last_value)) as given, mapUpdate(cs_setting_defaults(), given) as s
    from (
        select concat(name, '/', segment) as key, argMax(value, (starts_on, updated_at)) as last_value
        from cs.settings
        where starts_on <= {as_of:Date} and phase = ''
        group by name, segment
    ) as in_force
) as settings
