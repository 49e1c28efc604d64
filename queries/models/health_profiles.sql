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
        arraySort(m -> (indexOf(['deployment', 'engagement', 'adoption', 'roi'], m.2), m.1), groupArrayIf(
            (measure, dimension, of_measure['health_weight_'], of_measure['health_zero_'], of_measure['health_full_'], toInt32(of_measure['health_max_age_'])),
            empty(chosen) or has(chosen, measure))),
        any(yellow), any(green), any(measured_ratio)
    ) as profile
from (
    select
        s.segment as segment, s.phase as phase, d.measure as measure, d.dimension as dimension,
        mapFromArrays(groupArray(s.prefix), groupArray(s.value)) as of_measure
    from (
        select segment, phase, extract(name, '^health_(?:weight|zero|full|max_age)_') as prefix, substring(name, length(prefix) + 1) as measure, toFloat64OrZero(value) as value
        from cs.settings_in_force(as_of = {as_of:Date})
        where segment != '' and phase != ''
    ) as s
    join cs.health_measures(as_of = {as_of:Date}) as d on d.measure = s.measure
    group by s.segment, s.phase, d.measure, d.dimension
) as measured
join (
    select
        segment, phase,
        toFloat64(anyIf(value, name = 'health_yellow')) as yellow,
        toFloat64(anyIf(value, name = 'health_green')) as green,
        toFloat64(anyIf(value, name = 'health_measured_ratio')) as measured_ratio,
        arrayFilter(m -> m != '', arrayMap(m -> trimBoth(m), splitByChar(',', anyIf(value, name = 'health_measures')))) as chosen
    from cs.settings_in_force(as_of = {as_of:Date})
    where segment != '' and phase != ''
    group by segment, phase
) as bands using (segment, phase)
group by segment, phase
