-- The accounts behind engagement.
--
-- Columns:
--   day        key   Day.
--   segment    label Touch model of the account on the day.
--   kind       label email, webinar, executive, community.
--   account_id key   Account.
--   part       part  E-mails opened, webinars attended, at most as many as the whole; 1 with an executive contact or community engagement.
--   whole      part  E-mails delivered, webinars invited to; 1.
--   last_on    fact  Day of the last that is in the part; null: none within 90 days.

select
    s.day as day, s.segment as segment, k.1 as kind, s.account_id as account_id,
    toUInt64(least(k.2, k.3)) as part,
    toUInt64(k.3) as whole,
    if(k.2 = 0, null, toNullable(k.4)) as last_on
from account_days as s
left join engagement_days as e on e.day = s.day and e.account_id = s.account_id
left join (select day, account_id, executive_talks, executive_on from touch_days) as t on t.day = s.day and t.account_id = s.account_id
array join [
    ('email', e.opened, e.delivered, e.opened_on),
    ('webinar', e.attended, e.invited, e.attended_on),
    ('executive', toUInt32(t.executive_talks > 0), toUInt32(1), t.executive_on),
    ('community', toUInt32(e.community > 0), toUInt32(1), e.community_on)] as k
where s.is_paying and k.3 > 0
