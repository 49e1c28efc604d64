-- Completed onboarding, of the plans that started in a window.
-- ja: オンボーディング完了率(開始期間別)
--
-- A plan starts on the first paid day. Of the accounts of which that lies in the window, those that are onboarded by the day, in time or not. The
-- others are still open, or left before. Where many are open, the ratio says little yet: short windows are low because little time has passed.
-- How many of the deadlines were met is in onboarding, how long it takes in onboarding_cohorts.
--
-- ja: 計画は利用開始日に始まるとし、それが期間内にある顧客のうち、基準日までにオンボーディングが完了した割合(期限内かどうかは問わない)。残りは
-- ja: 進行中か、完了前に解約した顧客。進行中が多いうちは、時間が足りないために低く出る。期限内完了率はonboarding、所要期間はonboarding_cohortsに示す。
--
-- Columns:
--   day                key   Day.
--   segment            label Touch-model segment of the account by what it paid on its first day.
--   window             label 1m, 3m, 12m.
--   ratio              gauge Completed over started.
--   started_accounts   gauge Accounts of which the first paid day lies in the window.
--   completed_accounts gauge Those of them that are onboarded.
--   open_accounts      gauge Those of them that pay and are not onboarded.
--   left_accounts      gauge Those of them that left and were not onboarded.
--
-- Group: Customers, 38
-- Every: 1h
-- Stored: by day

select
    g.day as day, g.segment as segment, g.window as window,
    cs_ratio(d.completed_accounts, d.started_accounts) as ratio,
    d.started_accounts as started_accounts, d.completed_accounts as completed_accounts, d.open_accounts as open_accounts, d.left_accounts as left_accounts
from (select day, segment, arrayJoin(['1m', '3m', '12m']) as window from segments) as g
left join (
    select
        day, segment, window, sum(x.started_accounts) as started_accounts, sum(x.completed_accounts) as completed_accounts,
        sum(x.open_accounts) as open_accounts, sum(x.left_accounts) as left_accounts
    from onboarding_completion_detail as x
    group by day, segment, window
) as d on d.day = g.day and d.segment = g.segment and d.window = g.window
