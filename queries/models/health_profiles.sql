-- How health is scored in each segment and lifecycle phase.
--
-- Columns:
--   segment key   Touch model.
--   phase   key   Lifecycle phase.
--   profile fact  What cs_health takes: (measures as Array(Tuple(measure, dimension, weight, zero, full, max_age)), yellow, green, measured_ratio).
--
-- Keep: 20s

select
    segment, phase,
    (
        arraySort(m -> (indexOf(['deployment', 'engagement', 'adoption', 'roi'], m.2), m.1), arrayMap(
            m -> (m.1, m.2, numbers[concat('health_weight_', m.1)], numbers[concat('health_zero_', m.1)], numbers[concat('health_full_', m.1)],
                toInt32(numbers[concat('health_max_age_', m.1)])),
            arrayFilter(m -> empty(chosen) or has(chosen, m.1), measures))),
        numbers['health_yellow'], numbers['health_green'], numbers['health_measured_ratio']
    ) as profile
from (
    select
        g.segment as segment, g.phase as phase, known.measures as measures,
        mapApply((name, value) -> (name, toFloat64OrZero(value)), mapUpdate(known.defaults, s.given)) as numbers,
        arrayFilter(m -> m != '', arrayMap(m -> trimBoth(m), splitByChar(',', s.given['health_measures']))) as chosen
    from (select arrayJoin(['high', 'low', 'tech']) as segment, arrayJoin(['onboarding', 'adoption', 'growth', 'leaving']) as phase) as g
    left join (
        select segment, phase, mapFromArrays(groupArray(name), groupArray(value)) as given
        from cs.settings_given(as_of = {as_of:Date})
        where startsWith(name, 'health_')
        group by segment, phase
    ) as s on s.segment = g.segment and s.phase = g.phase
    cross join (
        select
            groupArray((measure, dimension)) as measures,
            mapUpdate(
                mapApply((name, value) -> (trim(trailing '/' from name), value), cs_setting_defaults()),
                mapFromArrays(
                    groupArrayArray(arrayMap(x -> concat('health_', x, '_', measure), ['weight', 'zero', 'full', 'max_age'])),
                    groupArrayArray([toString(weight), toString(zero), toString(full), toString(max_age_days)]))) as defaults
        from cs.health_measures(as_of = {as_of:Date})
    ) as known
) as settings
