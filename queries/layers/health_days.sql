-- Health of each account that pays: score, what it is made of, and band.
--
-- The score is the mean of the measures' scores by their weights. A measure that is missing or too old takes no part: the
-- weights of the others stand for all. Where less than the share of the weight that the setting health_measured_ratio asks
-- for is measured, the band is unknown. An open risk that a person raised caps the band: severity 3 makes it red, severity 2
-- makes green yellow. A band set by hand holds until it expires, whatever the rest says.
--
-- Columns:
--   day            key  Day.
--   account_id     key  Account.
--   segment        fact Touch model.
--   phase          fact Lifecycle phase.
--   csm            fact Owner; (none): nobody.
--   arr            fact ARR.
--   band           fact red, yellow, green, unknown.
--   score          fact 0 to 100; null where nothing is measured.
--   measured_ratio fact Share of the weight that is measured.
--   scored_band    fact Band by the score alone.
--   severity       fact Highest severity of an open risk; 0: none.
--   overridden     fact Reason of the band set by hand; empty: none is.
--   measured       fact Value of each measure, in the order of policy_days.profiles; null: unknown, Array(Nullable(Float64)).
--   measured_on    fact Day of each value, Array(Date).
--   scores         fact Score of each measure, 0 to 100; null where it is unknown, too old or takes no part, Array(Nullable(Float64)).
--   dimensions     fact Mean of the scores by their weights for deployment, engagement, adoption and roi; null where none is there, Array(Nullable(Float64)).
--
-- Key: day, account_id

with
arrayMin({days:Array(Date)}) as first_day,
arrayMax({days:Array(Date)}) as last_day,

accounts_now as (
    select day, account_id, segment, phase, csm, arr, seats
    from account_days
    where day in {days:Array(Date)} and is_paying and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
),

-- Tickets of 90 days, and the latest of all.
ticket_states as (
    select account_id, day, sum(c.tickets) over account as tickets, max(c.latest_on) over account as latest_on
    from (
        select account_id, greatest(change.1, first_day) as day, sum(change.2) as tickets, max(opened_on) as latest_on
        from (
            select argMax(account_id, (t.valid_from, t.updated_at)) as account_id, toDate(argMax(opened_at, (t.valid_from, t.updated_at)), {zone:String}) as opened_on
            from stored_tickets as t
            where empty({accounts:Array(String)}) or (source, ticket_id) in (select source, ticket_id from stored_tickets where account_id in {accounts:Array(String)})
            group by source, ticket_id
            having not argMax(is_withdrawn, t.updated_at) and opened_on <= last_day and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        ) as opened
        array join [(opened_on, 1), (opened_on + 90, -1)] as change
        where change.1 <= last_day
        group by account_id, day
    ) as c
    window account as (partition by account_id order by day)
),

review_states as (
    select account_id, r.reviewed_on as day, max(r.is_verified) as is_verified
    from stored_value_reviews as r final
    where r.reviewed_on <= last_day and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    group by account_id, day
),

-- Of an account that was never seen nothing is known of its usage; of one that has been, no event is no use.
measures as (
    select
        s.day as day, s.account_id as account_id, s.segment as segment, s.phase as phase, s.csm as csm, s.arr as arr, q.profile as profile, x.severity as severity, o.chosen as chosen,
        if(s.segment = 'tech', t.contacted_on, t.held_on) as touched_on,
        [
            -- deployment
            (if(u.account_id != '' and s.seats > 0, toNullable(u.users / s.seats), null), f.newest_on),
            (if(mapContains(m.milestones, 'setup') and m.milestones['setup'].4, toNullable(toFloat64(m.milestones['setup'].3 <= s.day)), null), s.day),
            -- engagement
            (if(t.account_id != '', toNullable(toFloat64(t.met_on <= s.day)), null), t.contacted_on),
            (if(g.delivered > 0, toNullable(least(g.opened, g.delivered) / g.delivered), null), s.day),
            (if(k.account_id != '', toNullable(toFloat64(k.tickets)), null), k.latest_on),
            (if(touched_on != toDate(0), toNullable((s.day - touched_on) / q.coverage_days[s.segment]), null), touched_on),
            (if(g.invited_180 > 0, toNullable(least(g.attended_180, g.invited_180) / g.invited_180), null), s.day),
            -- adoption
            (if(u.account_id != '', toNullable(if(f.features > 0, u.features / f.features, 0)), null), f.newest_on),
            (if(u.account_id != '', toNullable(toFloat64(u.active_days)), null), f.newest_on),
            (arrayFirst(x -> x is not null, arrayMap((name, x, b) -> if(name = q.profile.5 and b > 0, toNullable(toFloat64(x) / toFloat64(b)), null), z.quantities, z.sums, z.sums_before)), f.newest_on),
            (if(u.account_id != '', toNullable(if(u.mau > 0, u.user_days / 28 / u.mau, 0)), null), f.newest_on),
            -- roi
            (if(v.account_id != '', toNullable(toFloat64(v.is_verified)), null), v.day)
        ] as found
    from accounts_now as s
    join (
        select day, coverage_days, x.1 as segment_and_phase, x.2 as profile
        from policy_days
        array join cast(profiles, 'Array(Tuple(String, Tuple(Array(Tuple(String, String, Float64, Float64, Float64, Int32, UInt8)), Float64, Float64, Float64, String)))') as x
        where day in {days:Array(Date)}
    ) as q on q.day = s.day and q.segment_and_phase = concat(s.segment, '/', s.phase)
    join (select day, newest_on, length(features) as features from company_usage where day in {days:Array(Date)}) as f on f.day = s.day
    left join (
        select * from usage_days where day in {days:Array(Date)} and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as u on u.day = s.day and u.account_id = s.account_id
    left join (
        select * from touch_days where day in {days:Array(Date)} and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as t on t.day = s.day and t.account_id = s.account_id
    left join (
        select * from engagement_days where day in {days:Array(Date)} and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as g on g.day = s.day and g.account_id = s.account_id
    left join (
        select * from quantity_days where day in {days:Array(Date)} and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as z on z.day = s.day and z.account_id = s.account_id
    asof left join milestone_spans as m on m.account_id = s.account_id and m.since <= s.day
    asof left join ticket_states as k on k.account_id = s.account_id and k.day <= s.day
    asof left join review_states as v on v.account_id = s.account_id and v.day <= s.day
    left join (
        select d.day as day, x.account_id as account_id, max(x.severity) as severity
        from (
            select account_id, severity, raised_on, ifNull(closed_on, toDate('2149-06-06')) as closed_before
            from stored_risks final
            where raised_on <= last_day and closed_before > first_day and severity <= 3 and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        ) as x
        cross join (select arrayJoin({days:Array(Date)}) as day) as d
        where x.raised_on <= d.day and x.closed_before > d.day
        group by day, account_id
    ) as x on x.day = s.day and x.account_id = s.account_id
    left join (
        -- The one that began last.
        select d.day as day, x.account_id as account_id, argMax((x.band, x.reason), (x.starts_on, x.updated_at, x.override_id, x.source)) as chosen
        from (
            select * from stored_health_overrides final
            where starts_on <= last_day and ends_before > first_day and reason != '' and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        ) as x
        cross join (select arrayJoin({days:Array(Date)}) as day) as d
        where x.starts_on <= d.day and x.ends_before > d.day
        group by day, account_id
    ) as o on o.day = s.day and o.account_id = s.account_id
)

-- One step after the other, each a lambda: the engine plans a subquery for each function of its columns, and a name that is used twice twice.
select
    day, account_id, segment, phase, csm, arr,
    multiIf(overridden != '', toString(chosen.1), severity >= 3, 'red', severity = 2 and scored_band = 'green', 'yellow', scored_band) as band,
    s.1 as score, s.2 as measured_ratio, s.3 as scored_band, severity, chosen.2 as overridden, s.5 as measured, s.6 as measured_on, s.4 as scores, s.7 as dimensions
from (
    select
        day, account_id, segment, phase, csm, arr, severity, chosen,
        arrayMap(
            (found, scores, dimensions, score, measured_ratio, bands) -> (
                score, measured_ratio,
                multiIf(
                    -- To nine digits, since floats may add up to a hair below 70.
                    score is null or round(measured_ratio, 9) < bands.3, 'unknown',
                    round(assumeNotNull(score), 9) >= bands.2, 'green',
                    round(assumeNotNull(score), 9) >= bands.1, 'yellow',
                    'red'),
                scores, found.1, found.2, dimensions),
            arrayMap(
                (found, scores, dimensions, weights, weight, measured_weight, bands) -> (
                    found, scores, dimensions,
                    if(measured_weight > 0, toNullable(arraySum(arrayMap((w, score) -> if(score is null, 0., w * assumeNotNull(score) / measured_weight), weights, scores))), null),
                    if(weight > 0, measured_weight / weight, 0.), bands),
                arrayMap(
                    (found, scores, measures, bands) -> (
                        found, scores,
                        arrayMap(x -> arraySum((p, score) -> if(p.2 = x and score is not null, p.3 * assumeNotNull(score), 0.), measures, scores)
                            / nullIf(arraySum((p, score) -> if(p.2 = x and score is not null, p.3, 0.), measures, scores), 0), ['deployment', 'engagement', 'adoption', 'roi']),
                        measures.3, arraySum(arrayMap(p -> if(p.7, p.3, 0.), measures)),
                        arraySum(arrayMap((w, score) -> if(score is null, 0., w), measures.3, scores)), bands),
                    arrayMap(
                        (day, found, profile) -> (
                            found,
                            arrayMap((p, x) -> if(p.7 and x.1 is not null and day - x.2 <= p.6, toNullable(100 * least(1., greatest(0., (assumeNotNull(x.1) - p.4) / (p.5 - p.4) + 0.))), null),
                                profile.1, found),
                            profile.1, (profile.2, profile.3, profile.4)),
                        [(day, found, profile)]))))[1] as s
    from measures
) as scored
