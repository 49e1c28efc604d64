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
    argMax(if(name = 'currency', value, 'USD'), (name = 'currency', starts_on, updated_at)) as currency,
    argMax(if(name = 'timezone', value, 'UTC'), (name = 'timezone', starts_on, updated_at)) as timezone,
    toInt32(argMax(if(name = 'fiscal_year_start', value, '1'), (name = 'fiscal_year_start', starts_on, updated_at))) as fiscal_year_start,
    toDecimal128(argMax(if(name = 'segment_high_arr', value, '100000'), (name = 'segment_high_arr', starts_on, updated_at)), 4) as segment_high_arr,
    toDecimal128(argMax(if(name = 'segment_low_arr', value, '10000'), (name = 'segment_low_arr', starts_on, updated_at)), 4) as segment_low_arr,
    toUInt16(argMax(if(name = 'grace_days', value, '0'), (name = 'grace_days', starts_on, updated_at))) as grace_days,
    toUInt16(argMax(if(name = 'renewal_overdue_days', value, '30'), (name = 'renewal_overdue_days', starts_on, updated_at))) as renewal_overdue_days,
    toUInt32(argMax(if(name = 'fx_rate_max_age_days', value, '31'), (name = 'fx_rate_max_age_days', starts_on, updated_at))) as fx_rate_max_age_days,
    addMonths(toStartOfYear(addMonths({as_of:Date}, 1 - fiscal_year_start)), fiscal_year_start - 1) as fiscal_year_starts_on,
    toYear(addMonths(fiscal_year_starts_on, 11)) as fiscal_year
from (
    select '' as name, '' as value, toDate(0) as starts_on, toDateTime64(0, 3, 'UTC') as updated_at
    union all
    select toString(name), value, starts_on, updated_at from cs.settings where segment = '' and starts_on <= {as_of:Date}
)
