-- Policy in force at the end of as_of, one row.
--
-- The defaults stand here; rows of cs.settings override them from their starts_on on, the latest start first. One policy
-- holds for all of a computation, the openings of its windows included.
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
    toYear(addMonths(fiscal_year_starts_on, 11)) as fiscal_year
from (
    select mapUpdate(
        map('currency', 'USD', 'timezone', 'UTC', 'fiscal_year_start', '1', 'segment_high_arr', '100000', 'segment_low_arr', '10000',
            'grace_days', '0', 'renewal_overdue_days', '30', 'fx_rate_max_age_days', '31'),
        mapFromArrays(groupArray(name), groupArray(last_value))) as s
    from (
        select toString(name) as name, argMax(value, (starts_on, updated_at)) as last_value
        from cs.settings
        where segment = '' and starts_on <= {as_of:Date}
        group by name
    ) as in_force
) as settings
