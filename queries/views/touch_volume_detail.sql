-- The accounts behind the touch volume.
--
-- One row per paying account and kind of touch, also where there was none.
--
-- Columns:
--   day        key   Day.
--   segment    label Touch model of the account on the day.
--   kind       label meeting, call, visit, email, webinar, review.
--   account_id key   Account.
--   touches    part  Touches in the last 90 days.
--   accounts   part  1.
--   touched_on fact  Day of the last one, in the reporting time zone; null: none.

select
    s.day as day, s.segment as segment, k.1 as kind, s.account_id as account_id,
    toUInt64(k.2) as touches,
    toUInt8(1) as accounts,
    if(k.2 = 0, null, toNullable(k.3)) as touched_on
from account_days as s
left join touch_days as t on t.day = s.day and t.account_id = s.account_id
array join [
    ('meeting', t.meetings, t.meeting_on), ('call', t.calls, t.call_on), ('visit', t.visits, t.visit_on),
    ('email', t.emails, t.email_on), ('webinar', t.webinars, t.webinar_on), ('review', t.reviews, t.review_on)] as k
where s.is_paying
