-- Policy in force at the end of each day: settings, exchange rates, and how health is scored.
--
-- What somebody set goes before the defaults (functions/cs_setting_defaults.sql), the latest start first. One policy holds
-- for all that is computed of a day, the openings of its windows included.
--
-- A fiscal year's rate is the one in force on its first day if that is not too old, else the first one dated inside the
-- year. A currency without one has no entry: accounts that need it are left out and reported (layers/unvalued_days.sql).
--
-- Columns:
--   day                   key  Day.
--   currency              fact Reporting currency, ISO 4217.
--   timezone              fact Reporting time zone, IANA.
--   fiscal_year_start     fact First month of the fiscal year, 1 to 12.
--   fiscal_year_starts_on fact First day of the fiscal year.
--   fiscal_year           fact Year in which the fiscal year ends.
--   segment_high_arr      fact ARR from which an account is high touch.
--   segment_low_arr       fact ARR from which an account is low touch; below it is tech touch.
--   grace_days            fact Days for which an ended contract still counts while nothing has followed and no notice was given.
--   renewal_overdue_days  fact Days after its end for which an unanswered renewal is overdue rather than lost.
--   coverage_days         fact Days within which an account is to be touched, by segment, Map(String, UInt16).
--   onboarding_days       fact Days from the first paid day to the deadline of onboarding where none is planned, by segment, Map(String, UInt16).
--   first_use_users       fact Active users on one day that make the first real use, by segment, Map(String, UInt32).
--   risk_accounts         fact Accounts that the KPI risk_accounts names.
--   rates                 fact Reporting currency for one unit by ISO 4217 code, in the fiscal year, Map(String, Decimal); the empty code stands for the reporting currency.
--   previous_rates        fact The same in the fiscal year before.
--   profiles              fact How health is scored, by segment and phase, as in high/growth: the measures in order, each with dimension, weight, the values that score 0 and 100, the age in days past which it is missing and whether it takes part; then the scores from which a band is yellow and green, the share of the weight that is to be measured, and the quantity that the measure of that name looks at, Map(String, Tuple).
--
-- Key: day

with
chosen as (select arrayJoin({days:Array(Date)}) as day),

-- Settings by day, with and without a phase; the one for a segment goes before the one for a phase, both before the one for all.
given as (
    select day, mapFromArrays(groupArrayIf(key, is_general), groupArrayIf(last_value, is_general)) as general, groupArrayIf((name, segment, phase, last_value), startsWith(name, 'health_')) as health
    from (
        select c.day as day, toString(s.name) as name, toString(s.segment) as segment, toString(s.phase) as phase,
            concat(name, '/', segment) as key, phase = '' as is_general, argMax(s.value, (s.starts_on, s.updated_at, s.ingested_at)) as last_value
        from chosen as c
        cross join (
            select name, segment, phase, starts_on, value, updated_at, ingested_at from stored_settings final
            union all
            select '' as name, '' as segment, '' as phase, toDate(0) as starts_on, '' as value, toDateTime64(0, 3, 'UTC') as updated_at, toDateTime64(0, 3, 'UTC') as ingested_at
        ) as s
        where s.starts_on <= c.day
        group by day, name, segment, phase
    ) as in_force
    group by day
),

settings as (
    select day, given, health, map('high', '', 'low', '', 'tech', '') as segments, mapUpdate(cs_setting_defaults(), general) as s, general as given
    from given
),

measures as (
    select
        arraySort(m -> (indexOf(['deployment', 'engagement', 'adoption', 'roi'], m.2), m.1), groupArray((measure, dimension))) as measures,
        mapUpdate(
            mapApply((name, value) -> (trim(trailing '/' from name), value), cs_setting_defaults()),
            mapFromArrays(
                groupArrayArray(arrayMap(x -> concat('health_', x, '_', measure), ['weight', 'zero', 'full', 'max_age'])),
                groupArrayArray([toString(weight), toString(zero), toString(full), toString(max_age_days)]))) as defaults
    from health_measures
),

policy as (
    select
        day,
        s['currency/'] as currency,
        s['timezone/'] as timezone,
        toInt32(s['fiscal_year_start/']) as fiscal_year_start,
        addMonths(toStartOfYear(addMonths(day, 1 - fiscal_year_start)), fiscal_year_start - 1) as fiscal_year_starts_on,
        toYear(addMonths(fiscal_year_starts_on, 11)) as fiscal_year,
        toDecimal128(s['segment_high_arr/'], 4) as segment_high_arr,
        toDecimal128(s['segment_low_arr/'], 4) as segment_low_arr,
        toUInt16(s['grace_days/']) as grace_days,
        toUInt16(s['renewal_overdue_days/']) as renewal_overdue_days,
        toUInt32(s['fx_rate_max_age_days/']) as max_age,
        mapApply((g, x) -> (g, toUInt16(arrayFirst(v -> v != '', [given[concat('coverage_days/', g)], given['coverage_days/'], s[concat('coverage_days/', g)]]))), segments) as coverage_days,
        mapApply((g, x) -> (g, toUInt16(arrayFirst(v -> v != '', [given[concat('onboarding_days/', g)], s['onboarding_days/']]))), segments) as onboarding_days,
        mapApply((g, x) -> (g, toUInt32(arrayFirst(v -> v != '', [given[concat('first_use_users/', g)], s['first_use_users/']]))), segments) as first_use_users,
        toUInt32(s['risk_accounts/']) as risk_accounts,
        health
    from settings
),

rates as (
    select day, mapSort(mapFromArrays(groupArrayIf(code, rate > 0), groupArrayIf(rate, rate > 0))) as rates,
        mapSort(mapFromArrays(groupArrayIf(code, previous_rate > 0), groupArrayIf(previous_rate, previous_rate > 0))) as previous_rates
    from (
        select
            p.day as day, f.code as code, p.fiscal_year_starts_on as this_year, addMonths(this_year, -12) as last_year,
            if(countIf(d between this_year - max_age and this_year) > 0, argMaxIf(r, d, d <= this_year), argMinIf(r, d, d > this_year)) as rate,
            if(countIf(d between last_year - max_age and last_year) > 0, argMaxIf(r, d, d <= last_year), argMinIf(r, d, d > last_year and d < this_year)) as previous_rate
        from policy as p
        cross join (
            select toString(currency) as code, x.day as d, argMax(rate, updated_at) as r
            from stored_fx_rates as x final
            where rate > 0
            group by code, d
        ) as f
        where f.d <= p.day
        group by day, code, this_year, max_age
    ) as fiscal
    group by day
)

select
    p.day as day, p.currency as currency, p.timezone as timezone, fiscal_year_start, fiscal_year_starts_on, fiscal_year, segment_high_arr, segment_low_arr,
    grace_days, renewal_overdue_days, coverage_days, onboarding_days, first_use_users, risk_accounts,
    mapUpdate(r.rates, map('', toDecimal64(1, 8), p.currency, toDecimal64(1, 8))) as rates,
    mapUpdate(r.previous_rates, map('', toDecimal64(1, 8), p.currency, toDecimal64(1, 8))) as previous_rates,
    mapFromArrays(
        arrayMap(x -> concat(x.1, '/', x.2), combinations),
        arrayMap(x -> arrayMap(numbers -> (
            arrayMap(
                m -> (m.1, m.2, toFloat64OrZero(numbers[concat('health_weight_', m.1)]), toFloat64OrZero(numbers[concat('health_zero_', m.1)]), toFloat64OrZero(numbers[concat('health_full_', m.1)]),
                    toInt32(toFloat64OrZero(numbers[concat('health_max_age_', m.1)])),
                    toUInt8(numbers['health_measures'] = '' or has(arrayMap(c -> trimBoth(c), splitByChar(',', numbers['health_measures'])), m.1)) and (m.1 != 'quantity' or numbers['health_quantity'] != '')),
                measures),
            toFloat64OrZero(numbers['health_yellow']), toFloat64OrZero(numbers['health_green']), toFloat64OrZero(numbers['health_measured_ratio']), numbers['health_quantity']),
            -- Of a name that is there twice the first one is found, so what names a segment or a phase comes first.
            [mapUpdate(defaults, mapFromArrays(
                arrayMap(h -> h.1, arrayReverseSort(h -> 2 * (h.2 != '') + (h.3 != ''), arrayFilter(h -> h.2 in ('', x.1) and h.3 in ('', x.2), health)) as held),
                arrayMap(h -> h.4, held)))])[1], combinations)) as profiles
from policy as p
left join rates as r on r.day = p.day
cross join measures
cross join (
    select arrayFlatten(arrayMap(segment -> arrayMap(phase -> (segment, phase), ['onboarding', 'adoption', 'growth', 'leaving']), ['high', 'low', 'tech'])) as combinations
) as c
