-- Engagement of paying accounts in the last 90 days.
-- ja: エンゲージメント
--
-- E-mails opened over delivered, and webinars attended over invited to, as the source counts them; of one account no more are
-- opened than were delivered, and no more attended than it was invited to. Accounts whose decision maker took part in a meeting,
-- call, visit or review, and accounts that took part in the community, over all paying accounts.
--
-- ja: メールの開封率とウェビナーの参加率(元データの数え方による)。また、直近90日に決裁者が会議・電話・訪問・レビューに参加した顧客、
-- ja: コミュニティに参加した顧客の、契約中の全顧客に対する割合。
--
-- Columns:
--   day     key   Day.
--   segment label Touch-model segment of the account on the day.
--   kind    label email, webinar, executive, community.
--   ratio   gauge Part over whole.
--   part    gauge E-mails opened, webinars attended, accounts with an executive contact, accounts in the community.
--   whole   gauge E-mails delivered, webinars invited to, paying accounts.
--
-- Group: Customers, 25
-- Every: 15m
-- Stored: by day

select
    g.day as day, g.segment as segment, g.kind as kind,
    cs_ratio(d.part, d.whole) as ratio,
    d.part as part, d.whole as whole
from (select day, segment, arrayJoin(['email', 'webinar', 'executive', 'community']) as kind from segments) as g
left join (
    select day, segment, kind, sum(x.part) as part, sum(x.whole) as whole
    from engagement_detail as x
    group by day, segment, kind
) as d on d.day = g.day and d.segment = g.segment and d.kind = g.kind
