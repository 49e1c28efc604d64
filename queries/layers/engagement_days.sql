-- Reactions to mail, webinars and community in the last 90 and 180 days, of each account that has any.
--
-- Columns:
--   day             key  Day.
--   account_id      key  Account.
--   delivered       fact E-mails delivered in 90 days.
--   opened          fact E-mails opened in 90 days.
--   invited         fact Invitations to webinars in 90 days.
--   attended        fact Webinars attended in 90 days.
--   community       fact Contributions to the community in 90 days.
--   invited_180     fact Invitations to webinars in 180 days.
--   attended_180    fact Webinars attended in 180 days.
--   opened_on       fact Day of the latest e-mail opened in 90 days; 1970-01-01: none.
--   attended_on     fact Day of the latest webinar attended in 90 days; 1970-01-01: none.
--   community_on    fact Day of the latest contribution to the community in 90 days; 1970-01-01: none.
--
-- Key: day, account_id

with
arrayMin({days:Array(Date)}) as first_day,
arrayMax({days:Array(Date)}) as last_day,

reactions as (
    select account_id, toDate(happened_at, {zone:String}) as reacted_on, kind
    from stored_engagements final
    where reacted_on <= last_day and reacted_on > first_day - 180 and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        -- Own staff and test users are no contacts of a customer.
        and contact not in (select user_id from stored_usage_people final where is_excluded)
        and not match(lowerUTF8(contact), assumeNotNull((select pattern from excluded_users)))
),

changes as (
    select
        account_id, day,
        sumIf(adds, kind = 'email_delivered') as delivered, sumIf(adds, kind = 'email_opened') as opened,
        sumIf(adds, kind = 'webinar_invited') as invited, sumIf(adds, kind = 'webinar_attended') as attended,
        sumIf(adds, kind = 'community') as community,
        sumIf(adds_180, kind = 'webinar_invited') as invited_180, sumIf(adds_180, kind = 'webinar_attended') as attended_180,
        maxIf(reacted_on, kind = 'email_opened') as opened_on, maxIf(reacted_on, kind = 'webinar_attended') as attended_on,
        maxIf(reacted_on, kind = 'community') as community_on
    from reactions
    array join [(greatest(reacted_on, first_day), 1, 1), (greatest(reacted_on + 90, first_day), -1, 0), (reacted_on + 180, 0, -1)] as change
    array join [change.1] as day, [change.2] as adds, [change.3] as adds_180
    where day <= last_day
    group by account_id, day
),

states as (
    select
        account_id, day,
        sum(c.delivered) over account as delivered, sum(c.opened) over account as opened, sum(c.invited) over account as invited, sum(c.attended) over account as attended,
        sum(c.community) over account as community, sum(c.invited_180) over account as invited_180, sum(c.attended_180) over account as attended_180,
        max(c.opened_on) over account as opened_on, max(c.attended_on) over account as attended_on, max(c.community_on) over account as community_on
    from changes as c
    window account as (partition by account_id order by day)
)

select
    d.day as day, s.account_id as account_id,
    toUInt32(s.delivered) as delivered, toUInt32(s.opened) as opened, toUInt32(s.invited) as invited, toUInt32(s.attended) as attended, toUInt32(s.community) as community,
    toUInt32(s.invited_180) as invited_180, toUInt32(s.attended_180) as attended_180,
    if(s.opened > 0, s.opened_on, toDate(0)) as opened_on, if(s.attended > 0, s.attended_on, toDate(0)) as attended_on, if(s.community > 0, s.community_on, toDate(0)) as community_on
from (
    select account_id, day
    from (select distinct account_id from stored_engagements where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}) as t
    cross join (select arrayJoin({days:Array(Date)}) as day) as d
) as d
asof join states as s on s.account_id = d.account_id and s.day <= d.day
where s.delivered + s.opened + s.community + s.invited_180 + s.attended_180 > 0
