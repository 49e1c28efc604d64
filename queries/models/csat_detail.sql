-- The answers behind customer satisfaction.
--
-- Columns:
--   segment      label Touch model of the account at as_of; where it no longer pays, 12 months ago; else tech.
--   account_id   key   Account.
--   source       key   System that the answer came from.
--   response_id  key   Answer.
--   satisfied    part  1 where it is 4 or 5.
--   responses    part  1.
--   user_id      fact  Respondent; empty: not told.
--   score        fact  Answer.
--   responded_at fact  When it was given.

select
    if(s.segment = '', 'tech', s.segment) as segment,
    r.account_id as account_id, r.source as source, r.response_id as response_id,
    toUInt8(r.score >= 4) as satisfied,
    toUInt8(1) as responses,
    r.user_id as user_id, r.score as score, r.responded_at as responded_at
from (
    select account_id, user_id, toString(v.source) as source, response_id, score, responded_at
    from cs.surveys as v final
    where kind = 'csat' and score between 1 and 5
        and responded_at > toDateTime64({as_of:Date} - 92, 3, 'UTC')
        and toDate(responded_at, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) between {as_of:Date} - 89 and {as_of:Date}
) as r
left join cs.account_segments(as_of = {as_of:Date}) as s on s.account_id = r.account_id
where not s.is_test
