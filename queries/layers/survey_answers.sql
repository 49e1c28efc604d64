-- Survey answers, each with the days on which it counts: 90 days from its own day on.
--
-- Of the promoter score a respondent's next answer takes its place sooner, by whatever of the user's ids it came. Who is not known is each time
-- somebody else. Answers outside of their scale, those of test accounts and those of people who are no users (setting excluded_users, users) are
-- left out.
--
-- Columns:
--   account_id   key  Account.
--   source       key  System that the answer came from.
--   response_id  key  Answer.
--   kind         fact nps, csat.
--   user_id      fact Respondent; empty: not known.
--   score        fact Answer.
--   scale        fact Highest score of its scale: of nps 10, else what the answer says, or the setting csat_scale of its day.
--   is_satisfied fact Of csat, 1 where it is among the satisfied answers of its scale: the two highest, of 3 the highest, of 10 the three highest.
--   responded_at fact When it was given.
--   since        fact Day on which it was given.
--   before       fact First day on which it no longer counts.
--
-- Key: account_id, source, response_id

with
answers as (
    select account_id, source, response_id, toString(v.kind) as kind, user_id, score, responded_at, toDate(responded_at, {zone:String}) as given_on, scale
    from stored_surveys as v final
    where (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        and account_id not in (select account_id from test_accounts)
        and not match(lowerUTF8(user_id), assumeNotNull((select pattern from excluded_users)))
)

select account_id, source, response_id, kind, user_id, score, scale, toUInt8(kind = 'csat' and score > scale - multiIf(scale <= 3, 1, scale >= 10, 3, 2)) as is_satisfied, responded_at, since, least(since + 90, next_on) as before
from (
    select
        v.account_id as account_id, toString(v.source) as source, v.response_id as response_id, v.kind as kind, v.user_id as user_id, v.score as score,
        if(v.scale > 0, v.scale, s.highest) as scale,
        v.responded_at as responded_at, v.given_on as since,
        -- Of answers given at the same instant, the one of the first source and id counts.
        if(v.kind = 'nps' and v.user_id != '', leadInFrame(v.given_on, 1, toDate('2149-06-06')) over (
            partition by v.account_id, v.kind, if(p.person_id = '', v.user_id, p.person_id) order by v.responded_at, v.source desc, v.response_id desc rows between current row and unbounded following), toDate('2149-06-06')) as next_on
    from answers as v
    asof join survey_scales as s on s.kind = v.kind and s.starts_on <= v.given_on
    left join (select user_id, person_id, is_excluded from stored_usage_people final) as p on p.user_id = v.user_id
    where not p.is_excluded and v.score between v.kind = 'csat' and if(v.scale > 0, v.scale, s.highest)
) as scaled
where before > since
