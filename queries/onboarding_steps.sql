-- Accounts in onboarding, by the step that comes next, and those stuck there.
-- ja: オンボーディングの停滞(ステップ別)
--
-- Each paying account that is not onboarded stands at one step: of the milestones of its plan that are not reached, the one with the earliest deadline.
-- The plan has the milestones that were entered, due or reached by the day, and always onboarded. Deadlines are those first planned; a milestone
-- without one has that of onboarding, and of equal deadlines the usual order decides. An account is stuck when the deadline of its step
-- has passed. It has been at the step since it reached its last milestone, else since its first paid day.
--
-- ja: 契約中でオンボーディング未完了の顧客は、計画のうち未到達で期限が最も早いマイルストーン(ステップ)にあるとする。計画は基準日までに登録・到達した、
-- ja: または期限を迎えたマイルストーンと、必ずonboardedを含む。期限は最初に計画した日で、期限のないものはオンボーディングの期限とし、同じ期限なら
-- ja: 通常の順による。ステップの期限を過ぎた顧客を停滞とみなす。ステップの滞在期間は、最後に到達したマイルストーン(なければ利用開始日)から数える。
--
-- Columns:
--   day                  key   Day.
--   segment              label Touch-model segment of the account by what it paid on its first day.
--   step                 label kickoff, setup, time_to_use, value_point_1, value_point_2, value_point_3, onboarded.
--   in_progress_accounts gauge Accounts that stand at the step.
--   stuck_accounts       gauge Those of them that are past its deadline.
--   oldest_seconds       gauge Longest time that one of them has been at the step.
--
-- Group: Customers, 41
-- Every: 15m
-- Stored: by day

select
    g.day as day, g.segment as segment, g.step as step,
    d.in_progress_accounts as in_progress_accounts, d.stuck_accounts as stuck_accounts, d.oldest_seconds as oldest_seconds
from (select day, segment, arrayJoin(['kickoff', 'setup', 'time_to_use', 'value_point_1', 'value_point_2', 'value_point_3', 'onboarded']) as step from segments) as g
left join (
    select
        day, segment, step, sum(x.in_progress_accounts) as in_progress_accounts, sum(x.stuck_accounts) as stuck_accounts,
        toNullable(max(x.seconds)) as oldest_seconds
    from onboarding_steps_detail as x
    group by day, segment, step
) as d on d.day = g.day and d.segment = g.segment and d.step = g.step
