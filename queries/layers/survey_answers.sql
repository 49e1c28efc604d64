-- Survey answers, each with the days on which it counts: 90 days from its own day on.
--
-- Of the promoter score a respondent's next answer takes its place sooner. Who is not known is each time somebody else. Answers
-- outside of their scale and those of test accounts are left out.
--
-- Columns:
--   account_id   key  Account.
--   source       key  System that the answer came from.
--   response_id  key  Answer.
--   kind         fact nps, csat.
--   user_id      fact Respondent; empty: not known.
--   score        fact Answer.
--   responded_at fact When it was given.
--   since        fact Day on which it was given.
--   before       fact First day on which it no longer counts.
--
-- Key: account_id, source, response_id

select account_id, source, response_id, kind, user_id, score, responded_at, since, least(since + 90, next_on) as before
from (
    select
        account_id, toString(v.source) as source, response_id, toString(v.kind) as kind, user_id, score, responded_at, toDate(responded_at, {zone:String}) as since,
        -- Of answers given at the same instant, the one of the first source and id counts.
        if(kind = 'nps' and user_id != '', leadInFrame(since, 1, toDate('2149-06-06')) over (
            partition by account_id, kind, user_id order by responded_at, source desc, response_id desc rows between current row and unbounded following), toDate('2149-06-06')) as next_on
    from stored_surveys as v final
    where (v.kind = 'nps' and score <= 10 or v.kind = 'csat' and score between 1 and 5)
        and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        and account_id not in (select account_id from test_accounts)
) as answers
where before > since
