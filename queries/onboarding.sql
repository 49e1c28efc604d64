-- Onboarding by its deadline.
-- ja: オンボーディング完了率
--
-- On time: of the accounts whose deadline lies in the last 12 months, those that were onboarded by it. The deadline is the
-- first one that was planned (else onboarding_days after the first paid day), so that re-planning does not improve the past;
-- those whose deadline is still ahead are not in it, and those that left are. In progress and overdue are paying
-- accounts, whenever they were due.
--
-- ja: 期限内完了率は、直近12か月に期限を迎えた顧客のうち、期限までにオンボーディングが完了した割合。期限は最初に計画した日(なけれ
-- ja: ば利用開始からonboarding_days日後)で、計画を延ばしても過去の数値は良くならない。期限前の顧客は含まず、解約した顧客は含む。進
-- ja: 行中・期限超過は、契約中の全顧客が対象。
--
-- Columns:
--   day               key   Day.
--   segment           label Touch-model segment of the account by what it paid on its first day.
--   in_progress       gauge Paying accounts that are not onboarded.
--   overdue           gauge Those of them whose first deadline has passed.
--   on_time_ratio     gauge Accounts on time over accounts due.
--   due_accounts      gauge Accounts whose first deadline lies in the last 12 months.
--   on_time_accounts  gauge Those of them that were onboarded by it.
--   late_accounts     gauge Those of them that were onboarded after it.
--   extended_accounts gauge Those of them whose deadline was moved to a later day.
--
-- Group: Customers, 7
-- Every: 15m
-- Stored: by day

select
    g.day as day, g.segment as segment,
    d.in_progress as in_progress, d.overdue as overdue,
    cs_ratio(d.on_time_accounts, d.due_accounts) as on_time_ratio,
    d.due_accounts as due_accounts, d.on_time_accounts as on_time_accounts, d.late_accounts as late_accounts, d.extended_accounts as extended_accounts
from segments as g
left join (
    select
        day, segment, sum(x.in_progress) as in_progress, sum(x.overdue) as overdue, sum(x.due_accounts) as due_accounts,
        sum(x.on_time_accounts) as on_time_accounts, sum(x.late_accounts) as late_accounts, sum(x.extended_accounts) as extended_accounts
    from onboarding_detail as x
    group by day, segment
) as d on d.day = g.day and d.segment = g.segment
