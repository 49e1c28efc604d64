-- Accounts onboarded without a human touch.
-- ja: セルフオンボーディング率
--
-- Of the accounts that were onboarded in the last 12 months, whether they still pay or not, those that nobody met, called, visited or
-- reviewed by that day, the day itself included. Mail and webinars are no human touch here, in whatever segment.
--
-- ja: 直近12か月にオンボーディングが完了した顧客のうち、完了日までに会議・電話・訪問・レビューが一度もなかった顧客の割合。メールと
-- ja: ウェビナーは人による対応に数えない。
--
-- Columns:
--   day                key   Day.
--   segment            label Touch-model segment of the account by what it paid on its first day.
--   ratio              gauge Self-onboarded accounts over onboarded accounts.
--   self_accounts      gauge Onboarded accounts without a human touch by then.
--   onboarded_accounts gauge Accounts that were onboarded in the last 12 months.
--
-- Group: Customers, 33
-- Every: 1h

select
    g.day as day, g.segment as segment,
    cs_ratio(d.self_accounts, d.onboarded_accounts) as ratio,
    d.self_accounts as self_accounts, d.onboarded_accounts as onboarded_accounts
from segments as g
left join (
    select day, segment, sum(x.self_accounts) as self_accounts, sum(x.onboarded_accounts) as onboarded_accounts
    from self_onboarding_detail as x
    group by day, segment
) as d on d.day = g.day and d.segment = g.segment
