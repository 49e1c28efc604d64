-- Health of each account that pays at as_of: score, what it is made of, and band.
--
-- The score is the mean of the measures' scores by their weights. A measure that is missing or too old takes no part: the
-- weights of the others stand for all. Where less than the share of the weight that the setting health_measured_ratio asks
-- for is measured, the band is unknown. An open risk that a person raised caps the band: severity 3 makes it red, severity 2
-- makes green yellow. A band set by hand holds until it expires, whatever the rest says.
--
-- Columns:
--   account_id     key   Account.
--   segment        label Touch model at as_of.
--   phase          label Lifecycle phase.
--   csm            label Owner at as_of.
--   band           label red, yellow, green, unknown.
--   arr            fact  ARR.
--   score          fact  0 to 100; null where nothing is measured.
--   measured_ratio fact  Share of the weight that is measured.
--   scored_band    fact  Band by the score alone.
--   severity       fact  Highest severity of an open risk; 0: none.
--   overridden     fact  Reason of the band set by hand; empty: none is.
--   worst          fact  The three measures that cost most points, with their scores, Array(String).
--   drivers        fact  Measures, Array(Tuple(measure, dimension, value, measured_on, score, weight, contribution)); of those missing value and score are null and the contribution is 0.
--
-- Keep: 20s

select
    account_id, segment, phase, csm,
    multiIf(overridden != '', override_band, severity >= 3, 'red', severity = 2 and health.4 = 'green', 'yellow', health.4) as band,
    arr, health.2 as score, health.3 as measured_ratio, health.4 as scored_band, severity, overridden, health.5 as worst, health.1 as drivers
from (
    select
        a.account_id as account_id, a.segment as segment, a.phase as phase, a.csm as csm, a.arr as arr,
        cs_health(a.measured, p.profile, {as_of:Date}) as health,
        r.severity as severity, toString(o.chosen.1) as override_band, o.chosen.2 as overridden
    from cs.account_measures(as_of = {as_of:Date}) as a
    join cs.health_profiles(as_of = {as_of:Date}) as p on p.segment = a.segment and p.phase = a.phase
    left join (
        select x.account_id as account_id, max(x.severity) as severity
        from cs.risks as x final
        where x.raised_on <= {as_of:Date} and (x.closed_on is null or x.closed_on > {as_of:Date}) and x.severity <= 3
        group by x.account_id
    ) as r on r.account_id = a.account_id
    left join (
        -- The one that began last.
        select x.account_id as account_id, argMax((x.band, x.reason), (x.starts_on, x.updated_at, x.override_id, x.source)) as chosen
        from cs.health_overrides as x final
        where x.starts_on <= {as_of:Date} and x.ends_before > {as_of:Date} and x.reason != ''
        group by x.account_id
    ) as o on o.account_id = a.account_id
) as h
