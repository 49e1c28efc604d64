-- Coverage of each account that pays: the cadence in which it is to be touched, and what was done in it.
--
-- The cadence is that of cadence_days, the days (day - days, day].
--
-- A touch qualifies if it is two-way and held: meeting, call, visit and review; for tech touch also e-mail and webinars.
--
-- Columns:
--   day             key  Day.
--   account_id      key  Account.
--   segment         fact Touch model whose cadence holds.
--   days            fact Length of the cadence.
--   paid_since      fact First day of the time without a gap for which it has paid.
--   is_eligible     fact 1 where it paid on every day of the cadence.
--   touches         fact Qualifying touches in the cadence.
--   touched_on      fact Day of the last one; 1970-01-01: none.
--   touched_by      fact Who touched it then.
--   touch_kind      fact How.
--   noted_on        fact Day of the last qualifying touch in the cadence that left an impression; 1970-01-01: none.
--   impression      fact That impression: risk, neutral or opportunity; empty: none.
--   has_risk        fact 1 where one of the impressions in the cadence was of risk.
--   has_opportunity fact 1 where one of them was of an opportunity.
--   raised_on       fact Day of the last risk raised in the cadence; 1970-01-01: none.
--   risks           fact Risks raised in the cadence.
--
-- Key: day, account_id

with
arrayMin({days:Array(Date)}) as first_day,
arrayMax({days:Array(Date)}) as last_day,
assumeNotNull((select max(arrayMax(mapValues(p.coverage_days))) from policy_days as p where day in {days:Array(Date)})) as longest,

-- Touches that qualify, for tech touch and for the others. A text is compared much faster than a tuple, so when, how, by whom and with what
-- impression are one, in the order in which touches of the same instant go.
touched as (
    select
        account_id, touched_on, is_tech, sentiment,
        concat(toString(happened_at), '\0', kind, '\0', csm, '\0', sentiment) as touch
    from (
        select
            account_id, happened_at, toDate(happened_at, {zone:String}) as touched_on, toString(t.kind) as kind, if(n.csm = '', toString(t.csm), n.csm) as csm, toString(t.sentiment) as sentiment,
            arrayJoin(if(kind in ('email', 'webinar'), [toUInt8(1)], [toUInt8(0), 1])) as is_tech
        from stored_touchpoints as t final
        left join staff_names as n on n.name = cs_name_key(t.csm)
        where touched_on <= last_day and touched_on > first_day - longest and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as dated
),

touch_states as (
    select
        account_id, is_tech, touched_on, latest,
        max(x.noted) over account as noted, max(x.noted_on) over account as noted_on, max(x.risk_on) over account as risk_on, max(x.opportunity_on) over account as opportunity_on
    from (
        select
            account_id, is_tech, touched_on, max(touch) as latest, maxIf(touch, sentiment != '') as noted, maxIf(touched_on, sentiment != '') as noted_on,
            maxIf(touched_on, sentiment = 'risk') as risk_on, maxIf(touched_on, sentiment = 'opportunity') as opportunity_on
        from touched
        group by account_id, is_tech, touched_on
    ) as x
    window account as (partition by account_id, is_tech order by touched_on)
),

-- Risks are few.
raised as (
    select d.day as day, x.account_id as account_id, arraySort(groupArray(x.raised_on)) as days_raised
    from (
        select account_id, raised_on from stored_risks final
        where raised_on <= last_day and raised_on > first_day - longest and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as x
    cross join (select arrayJoin({days:Array(Date)}) as day) as d
    where x.raised_on <= d.day and x.raised_on > d.day - longest
    group by day, account_id
)

select
    c.day as day, c.account_id as account_id, c.segment as segment, c.days as days, c.paid_since as paid_since,
    toUInt8(c.paid_since <= c.began_after + 1) as is_eligible,
    arrayCount(d -> d > c.began_after and d <= c.day, b.touched_days) as touches,
    if(n.touched_on > c.began_after, n.touched_on, toDate(0)) as touched_on,
    if(n.touched_on > c.began_after, splitByChar('\0', n.latest)[3], '') as touched_by,
    if(n.touched_on > c.began_after, splitByChar('\0', n.latest)[2], '') as touch_kind,
    if(n.noted_on > c.began_after, n.noted_on, toDate(0)) as noted_on,
    if(n.noted_on > c.began_after, splitByChar('\0', n.noted)[4], '') as impression,
    toUInt8(n.risk_on > c.began_after) as has_risk,
    toUInt8(n.opportunity_on > c.began_after) as has_opportunity,
    arrayMax(arrayPushFront(arrayFilter(d -> d > c.began_after, r.days_raised), toDate(0))) as raised_on,
    arrayCount(d -> d > c.began_after, r.days_raised) as risks
from (
    select * from cadence_days where day in {days:Array(Date)} and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
) as c
asof left join touch_states as n on n.account_id = c.account_id and n.is_tech = c.is_tech and n.touched_on <= c.day
left join (select account_id, is_tech, groupArray(touched_on) as touched_days from touched group by account_id, is_tech) as b on b.account_id = c.account_id and b.is_tech = c.is_tech
left join raised as r on r.day = c.day and r.account_id = c.account_id
