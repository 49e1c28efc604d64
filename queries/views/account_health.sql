-- Health of each account that pays, beside who it is.
--
-- Columns:
--   day            key   Day.
--   account_id     key   Account.
--   segment        label Touch model.
--   phase          label Lifecycle phase.
--   csm            label Owner.
--   band           label red, yellow, green, unknown.
--   arr            fact  ARR.
--   score          fact  0 to 100; null where nothing is measured.
--   measured_ratio fact  Share of the weight that is measured.
--   scored_band    fact  Band by the score alone.
--   severity       fact  Highest severity of an open risk; 0: none.
--   overridden     fact  Reason of the band set by hand; empty: none is.
--   worst          fact  The three measures that cost most points, with their scores, Array(String).
--   drivers        fact  Measures, as in health_days.

select
    day, account_id, segment, phase, csm, band, arr, score, measured_ratio, scored_band, severity, overridden,
    arrayMap(d -> concat(d.1, ' ', toString(round(assumeNotNull(d.5)))),
        arraySlice(arraySort(d -> (-d.6 * (100 - assumeNotNull(d.5)), d.1), arrayFilter(d -> d.5 is not null and d.5 < 100, drivers)), 1, 3)) as worst,
    drivers
from (
    select
        h.day as day, h.account_id as account_id, h.segment as segment, h.phase as phase, h.csm as csm, h.band as band, h.arr as arr,
        h.score as score, h.measured_ratio as measured_ratio, h.scored_band as scored_band, h.severity as severity, h.overridden as overridden,
        arraySum(arrayMap((p, score) -> if(score is null, 0., p.3), q.measures, h.scores)) as weight,
        arrayMap(
            (p, value, measured_on, score) -> (p.1, p.2, if(score is null, null, value), if(value is null, null, toNullable(measured_on)), score, p.3, if(score is null, 0., p.3 * assumeNotNull(score) / weight)),
            arrayFilter(p -> p.7, q.measures),
            arrayFilter((value, p) -> p.7, h.measured, q.measures),
            arrayFilter((measured_on, p) -> p.7, h.measured_on, q.measures),
            arrayFilter((score, p) -> p.7, h.scores, q.measures)) as drivers
    from health_days as h
    join health_weights as q on q.day = h.day and q.segment = h.segment and q.phase = h.phase
) as health
