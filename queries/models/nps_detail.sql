-- The respondents behind the net promoter score.
--
-- Columns:
--   segment      label Touch model of the account at as_of; where it no longer pays, 12 months ago; else tech.
--   account_id   key   Account.
--   user_id      key   Respondent; empty: not told.
--   source       key   System that the answer came from.
--   response_id  key   Latest answer.
--   promoters    part  1 where it is 9 or 10.
--   passives     part  1 where it is 7 or 8.
--   detractors   part  1 where it is 0 to 6.
--   responses    part  1.
--   score        fact  Answer.
--   responded_at fact  When it was given.

select
    if(s.segment = '', 'tech', s.segment) as segment,
    r.account_id as account_id, r.user_id as user_id, r.source as source, r.response_id as response_id,
    toUInt8(r.score >= 9) as promoters,
    toUInt8(r.score between 7 and 8) as passives,
    toUInt8(r.score <= 6) as detractors,
    toUInt8(1) as responses,
    r.score as score,
    r.responded_at as responded_at
from (
    select account_id, user_id, toString(v.source) as source, response_id, score, responded_at
    from cs.surveys as v final
    where kind = 'nps' and score <= 10
        and responded_at > toDateTime64({as_of:Date} - 92, 3, 'UTC')
        and toDate(responded_at, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) between {as_of:Date} - 89 and {as_of:Date}
    -- Who is not known is each time somebody else.
    order by responded_at desc, source, response_id
    limit 1 by account_id, user_id, if(user_id = '', (source, response_id), ('', ''))
) as r
left join cs.account_segments(as_of = {as_of:Date}) as s on s.account_id = r.account_id
where not s.is_test
