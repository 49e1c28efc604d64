-- Onboarding by its deadline, by CSM.
-- ja: オンボーディング完了率(担当別)
--
-- On time: of the accounts whose deadline lies in the last 12 months, those that were onboarded by it. The deadline is the
-- first one that was planned (else onboarding_days after the first paid day), so that re-planning does not improve the past;
-- those whose deadline is still ahead are not in it, and those that left are. In progress and overdue are paying
-- accounts, whenever they were due.
--
-- ja: 期限内完了率は、直近12か月に期限を迎えた顧客のうち、期限までにオンボーディングが完了した割合を担当CSM別に示したもの。期限は
-- ja: 最初に計画した日で、計画を延ばしても過去の数値は良くならない。
--
-- Columns:
--   day               key   Day.
--   csm               label Owner of the account on the day; (none) where nobody is.
--   in_progress       gauge Paying accounts that are not onboarded.
--   overdue           gauge Those of them whose first deadline has passed.
--   on_time_ratio     gauge Accounts on time over accounts due.
--   due_accounts      gauge Accounts whose first deadline lies in the last 12 months.
--   on_time_accounts  gauge Those of them that were onboarded by it.
--   late_accounts     gauge Those of them that were onboarded after it.
--   extended_accounts gauge Those of them whose deadline was moved to a later day.
--
-- Group: Customers, 8
-- Every: 15m
-- Stored: by day

select
    day, csm,
    sum(d.in_progress) as in_progress,
    sum(d.overdue) as overdue,
    cs_ratio(sum(d.on_time_accounts), sum(d.due_accounts)) as on_time_ratio,
    sum(d.due_accounts) as due_accounts,
    sum(d.on_time_accounts) as on_time_accounts,
    sum(d.late_accounts) as late_accounts,
    sum(d.extended_accounts) as extended_accounts
from onboarding_by_csm_detail as d
group by day, csm
