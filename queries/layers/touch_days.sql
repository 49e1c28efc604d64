-- Contacts with each account that was ever touched: the latest up to each day, and those of the last 90 days.
--
-- Columns:
--   day              key  Day.
--   account_id       key  Account.
--   contacted_on     fact Day of the latest touchpoint of any kind.
--   held_on          fact Day of the latest meeting, call, visit or review; 1970-01-01: none.
--   met_on           fact Day of the first touchpoint with a decision maker; 2149-06-06: none.
--   meetings         fact Meetings in 90 days.
--   calls            fact Calls in 90 days.
--   visits           fact Visits in 90 days.
--   emails           fact E-mails in 90 days.
--   webinars         fact Webinars in 90 days.
--   reviews          fact Reviews in 90 days.
--   executive_talks  fact Meetings, calls, visits and reviews with a decision maker in 90 days.
--   opportunities    fact Touchpoints in 90 days that left the impression of an opportunity.
--   meeting_on       fact Day of the latest meeting; 1970-01-01: none.
--   call_on          fact Day of the latest call; 1970-01-01: none.
--   visit_on         fact Day of the latest visit; 1970-01-01: none.
--   email_on         fact Day of the latest e-mail; 1970-01-01: none.
--   webinar_on       fact Day of the latest webinar; 1970-01-01: none.
--   review_on        fact Day of the latest review; 1970-01-01: none.
--   executive_on     fact Day of the latest meeting, call, visit or review with a decision maker, however long ago; 1970-01-01: none.
--
-- Key: day, account_id

with
arrayMin({days:Array(Date)}) as first_day,
arrayMax({days:Array(Date)}) as last_day,

touches as (
    select account_id, toDate(happened_at, {zone:String}) as touched_on, kind, with_executive, sentiment = 'opportunity' as is_opportunity
    from stored_touchpoints final
    where touched_on <= last_day and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
),

-- What a touchpoint adds on its day and takes away 90 days later.
-- A touch that left the window by the first day matters only where the last one is asked for.
changes as (
    select
        account_id, day,
        max(touched_on) as contacted_on, maxIf(touched_on, kind not in ('email', 'webinar')) as held_on,
        minIf(touched_on, with_executive) as first_met_on,
        sumIf(adds, kind = 'meeting') as meetings, sumIf(adds, kind = 'call') as calls, sumIf(adds, kind = 'visit') as visits,
        sumIf(adds, kind = 'email') as emails, sumIf(adds, kind = 'webinar') as webinars, sumIf(adds, kind = 'review') as reviews,
        maxIf(touched_on, kind = 'meeting') as meeting_on, maxIf(touched_on, kind = 'call') as call_on, maxIf(touched_on, kind = 'visit') as visit_on,
        maxIf(touched_on, kind = 'email') as email_on, maxIf(touched_on, kind = 'webinar') as webinar_on, maxIf(touched_on, kind = 'review') as review_on,
        maxIf(touched_on, with_executive and kind not in ('email', 'webinar')) as executive_on,
        sumIf(adds, with_executive and kind not in ('email', 'webinar')) as executive_talks, sumIf(adds, is_opportunity) as opportunities
    from touches
    array join if(touched_on + 90 <= first_day, [(first_day, 0)], [(greatest(touched_on, first_day), 1), (touched_on + 90, -1)]) as change
    array join [change.1] as day, [change.2] as adds
    where day <= last_day
    group by account_id, day
),

states as (
    select
        account_id, day,
        max(c.contacted_on) over account as contacted_on, max(c.held_on) over account as held_on,
        min(if(c.first_met_on = toDate(0), toDate('2149-06-06'), c.first_met_on)) over account as met_on,
        sum(c.meetings) over account as meetings, sum(c.calls) over account as calls, sum(c.visits) over account as visits, sum(c.emails) over account as emails,
        sum(c.webinars) over account as webinars, sum(c.reviews) over account as reviews, sum(c.executive_talks) over account as executive_talks,
        sum(c.opportunities) over account as opportunities,
        max(c.meeting_on) over account as meeting_on, max(c.call_on) over account as call_on, max(c.visit_on) over account as visit_on, max(c.email_on) over account as email_on,
        max(c.webinar_on) over account as webinar_on, max(c.review_on) over account as review_on, max(c.executive_on) over account as executive_on
    from changes as c
    window account as (partition by account_id order by day)
)

select
    a.day as day, a.account_id as account_id, s.contacted_on as contacted_on, s.held_on as held_on, s.met_on as met_on,
    toUInt32(s.meetings) as meetings, toUInt32(s.calls) as calls, toUInt32(s.visits) as visits, toUInt32(s.emails) as emails,
    toUInt32(s.webinars) as webinars, toUInt32(s.reviews) as reviews, toUInt32(s.executive_talks) as executive_talks, toUInt32(s.opportunities) as opportunities,
    s.meeting_on as meeting_on, s.call_on as call_on, s.visit_on as visit_on, s.email_on as email_on, s.webinar_on as webinar_on, s.review_on as review_on, s.executive_on as executive_on
from (
    select account_id, day
    from (select distinct account_id from stored_touchpoints where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}) as t
    cross join (select arrayJoin({days:Array(Date)}) as day) as d
) as a
asof join states as s on s.account_id = a.account_id and s.day <= a.day
