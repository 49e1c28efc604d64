-- The accounts behind engagement.
--
-- Columns:
--   segment    label Touch model of the account at as_of.
--   kind       label email, webinar, executive, community.
--   account_id key   Account.
--   part       part  E-mails opened, webinars attended, at most as many as the whole; 1 with an executive contact or community engagement.
--   whole      part  E-mails delivered, webinars invited to; 1.
--   last_on    fact  Day of the last that is in the part; null: none within 90 days.

select
    s.segment as segment,
    k.1 as kind,
    s.account_id as account_id,
    least(k.2, k.3) as part,
    k.3 as whole,
    nullIf(k.4, toDate(0)) as last_on
from (
    select
        s.segment as segment, s.account_id as account_id,
        arrayJoin([
            ('email', e.opened, e.delivered, e.opened_on),
            ('webinar', e.attended, e.invited, e.attended_on),
            ('executive', toUInt64(x.contacts > 0), toUInt64(1), x.contact_on),
            ('community', toUInt64(e.community > 0), toUInt64(1), e.community_on)]) as k
    from cs.account_states(as_of = {as_of:Date}) as s
    left join (
        select
            account_id,
            countIf(kind = 'email_opened') as opened, countIf(kind = 'email_delivered') as delivered,
            countIf(kind = 'webinar_attended') as attended, countIf(kind = 'webinar_invited') as invited,
            countIf(kind = 'community') as community,
            maxIf(day, kind = 'email_opened') as opened_on,
            maxIf(day, kind = 'webinar_attended') as attended_on,
            maxIf(day, kind = 'community') as community_on
        from (
            select account_id, kind, assumeNotNull(toDate(happened_at, (select timezone from cs.policy(as_of = {as_of:Date})))) as day
            from cs.engagements final
            where happened_at > toDateTime64({as_of:Date} - 92, 3, 'UTC')
        ) as reactions
        where day between {as_of:Date} - 89 and {as_of:Date}
        group by account_id
    ) as e on e.account_id = s.account_id
    left join (
        select account_id, count() as contacts, max(day) as contact_on
        from (
            select account_id, assumeNotNull(toDate(happened_at, (select timezone from cs.policy(as_of = {as_of:Date})))) as day
            from cs.touchpoints final
            where with_executive and kind in ('meeting', 'call', 'visit', 'review') and happened_at > toDateTime64({as_of:Date} - 92, 3, 'UTC')
        ) as touches
        where day between {as_of:Date} - 89 and {as_of:Date}
        group by account_id
    ) as x on x.account_id = s.account_id
) as s
where k.3 > 0
