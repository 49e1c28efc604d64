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
--   band           fact red, yellow, green, unknown.
--   score          fact 0 to 100; null where nothing is measured.
--   measured_ratio fact Share of the weight that is measured.
--   scored_band    fact Band by the score alone.
--   severity       fact Highest severity of an open risk; 0: none.
--   overridden     fact Reason of the band set by hand; empty: none is.
--   worst          fact The three measures that cost most points, with their scores, Array(String).
--   drivers        fact Measures, Array(Tuple(measure, dimension, value, measured_on, score, weight, contribution)); of those missing value and score are null and the contribution is 0.
--
-- Key: day, account_id

with
arrayMin({days:Array(Date)}) as first_day,
arrayMax({days:Array(Date)}) as last_day,

accounts_now as (
    select day, account_id, segment, phase, seats
    from account_days
    where day in {days:Array(Date)} and is_paying and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
),

-- Tickets of 90 days, and the latest of all.
ticket_states as (
    select account_id, day, sum(c.tickets) over account as tickets, max(c.latest_on) over account as latest_on
    from (
        select account_id, greatest(change.1, first_day) as day, sum(change.2) as tickets, max(opened_on) as latest_on
        from (
            select account_id, toDate(opened_at, {zone:String}) as opened_on
            from stored_tickets final
            where opened_on <= last_day and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
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

measured as (
    select
        s.day as day, s.account_id as account_id, s.segment as segment, s.phase as phase,
        cast(arrayConcat(
            -- Of an account that was never seen nothing is known; of one that has been, no event is no use.
            if(u.account_id = '', [], [
                ('stickiness', (if(u.mau > 0, u.user_days / 28 / u.mau, 0), f.newest_on)),
                ('depth', (toFloat64(u.active_days), f.newest_on)),
                ('breadth', (if(notEmpty(f.features), u.features / length(f.features), 0), f.newest_on))]),
            if(u.account_id != '' and s.seats > 0, [('seats_in_use', (u.users / s.seats, f.newest_on))], []),
            if(mapContains(m.milestones, 'setup') and m.milestones['setup'].4, [('setup_done', (toFloat64(m.milestones['setup'].3 <= s.day), s.day))], []),
            if(t.account_id = '', [], [('decision_maker', (toFloat64(t.met_on <= s.day), t.contacted_on))]),
            if(touched_on = toDate(0), [], [('touch', ((s.day - touched_on) / p.coverage_days[s.segment], touched_on))]),
            if(g.delivered > 0, [('mail_opened', (least(g.opened, g.delivered) / g.delivered, s.day))], []),
            if(g.invited_180 > 0, [('webinar_attended', (least(g.attended_180, g.invited_180) / g.invited_180, s.day))], []),
            if(k.account_id = '', [], [('tickets', (toFloat64(k.tickets), k.latest_on))]),
            if(v.account_id = '', [], [('verified_outcome', (toFloat64(v.is_verified), v.day))])
        ), 'Map(String, Tuple(Float64, Date))') as measures,
        if(s.segment = 'tech', t.contacted_on, t.held_on) as touched_on,
        p.profiles[concat(s.segment, '/', s.phase)] as profile
    from accounts_now as s
    join (select day, coverage_days, profiles from policy_days where day in {days:Array(Date)}) as p on p.day = s.day
    join (select day, newest_on, features from company_usage where day in {days:Array(Date)}) as f on f.day = s.day
    left join (
        select * from usage_days where day in {days:Array(Date)} and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as u on u.day = s.day and u.account_id = s.account_id
    left join (
        select * from touch_days where day in {days:Array(Date)} and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as t on t.day = s.day and t.account_id = s.account_id
    left join (
        select * from engagement_days where day in {days:Array(Date)} and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as g on g.day = s.day and g.account_id = s.account_id
    asof left join milestone_spans as m on m.account_id = s.account_id and m.since <= s.day
    asof left join ticket_states as k on k.account_id = s.account_id and k.day <= s.day
    asof left join review_states as v on v.account_id = s.account_id and v.day <= s.day
)

select
    day, account_id,
    multiIf(overridden != '', override_band, severity >= 3, 'red', severity = 2 and health.4 = 'green', 'yellow', health.4) as band,
    health.2 as score, health.3 as measured_ratio, health.4 as scored_band, severity, overridden, health.5 as worst, health.1 as drivers
from (
    select
        a.day as day, a.account_id as account_id, cs_health(a.measures, a.profile, a.day) as health,
        r.severity as severity, toString(o.chosen.1) as override_band, o.chosen.2 as overridden
    from measured as a
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
    ) as r on r.day = a.day and r.account_id = a.account_id
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
    ) as o on o.day = a.day and o.account_id = a.account_id
) as h
