-- The answers behind customer satisfaction.
--
-- Columns:
--   day          key   Day.
--   segment      label Touch model of the account at the day; where it no longer pays, 12 months ago; else tech.
--   account_id   key   Account.
--   source       key   System that the answer came from.
--   response_id  key   Answer.
--   satisfied    part  1 where it is among the satisfied answers of its scale.
--   responses    part  1.
--   user_id      fact  Respondent; empty: not known.
--   score        fact  Answer.
--   scale        fact  Highest score of its scale.
--   responded_at fact  When it was given.

select
    r.day as day, if(s.segment = '', 'tech', s.segment) as segment,
    r.account_id as account_id, r.source as source, r.response_id as response_id,
    r.is_satisfied as satisfied,
    toUInt8(1) as responses,
    r.user_id as user_id, r.score as score, r.scale as scale, r.responded_at as responded_at
from (
    select p.day as day, a.account_id as account_id, a.user_id as user_id, a.source as source, a.response_id as response_id, a.score as score, a.scale as scale, a.is_satisfied as is_satisfied, a.responded_at as responded_at
    from survey_answers as a
    -- Faster than a cross join.
    join (select day, toUInt8(1) as is_day from policy_days) as p on p.is_day = toUInt8(a.since < a.before)
    where a.kind = 'csat' and a.since <= p.day and p.day < a.before
) as r
left join account_days as s on s.day = r.day and s.account_id = r.account_id
