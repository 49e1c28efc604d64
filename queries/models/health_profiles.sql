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
        segment, phase,
        mapFromArrays(groupArray(name), groupArray(toFloat64OrZero(value))) as numbers,
        arrayFilter(m -> m != '', arrayMap(m -> trimBoth(m), splitByChar(',', anyIf(value, name = 'health_measures')))) as chosen
    from (
        select s.1 as segment, s.2 as phase, s.3 as name, s.4 as value
        -- As a scalar, which is a constant for the rest of the plan.
        from (select arrayJoin(assumeNotNull((
            select groupArray((segment, phase, name, value)) from cs.settings_in_force(as_of = {as_of:Date}) as f
            where segment != '' and phase != '' and startsWith(name, 'health_')
        ))) as s) as given
    ) as given
    group by segment, phase
) as settings
cross join (select groupArray((measure, dimension)) as measures from cs.health_measures(as_of = {as_of:Date})) as known
