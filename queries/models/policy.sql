-- Policy in force at the end of as_of, one row.
--
-- Rows of cs.settings override the defaults (models/setting_definitions.sql) from their starts_on on, the latest start
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
    s['currency'] as currency,
    s['timezone'] as timezone,
    toInt32(s['fiscal_year_start']) as fiscal_year_start,
    toDecimal128(s['segment_high_arr'], 4) as segment_high_arr,
    toDecimal128(s['segment_low_arr'], 4) as segment_low_arr,
    toUInt16(s['grace_days']) as grace_days,
    toUInt16(s['renewal_overdue_days']) as renewal_overdue_days,
    toUInt32(s['fx_rate_max_age_days']) as fx_rate_max_age_days,
    addMonths(toStartOfYear(addMonths({as_of:Date}, 1 - fiscal_year_start)), fiscal_year_start - 1) as fiscal_year_starts_on,
    toYear(addMonths(fiscal_year_starts_on, 11)) as fiscal_year,
    coverage_days, onboarding_days, first_use_users,
    toUInt32(s['risk_accounts']) as risk_accounts
from (
    select
        mapFromArrays(groupArrayIf(name, segment = ''), groupArrayIf(value, segment = '')) as s,
        mapSort(mapFromArrays(groupArrayIf(segment, name = 'coverage_days'), groupArrayIf(toUInt16OrZero(value), name = 'coverage_days'))) as coverage_days,
        mapSort(mapFromArrays(groupArrayIf(segment, name = 'onboarding_days'), groupArrayIf(toUInt16OrZero(value), name = 'onboarding_days'))) as onboarding_days,
        mapSort(mapFromArrays(groupArrayIf(segment, name = 'first_use_users'), groupArrayIf(toUInt32OrZero(value), name = 'first_use_users'))) as first_use_users
    from cs.settings_in_force(as_of = {as_of:Date})
    where phase = ''
) as settings
