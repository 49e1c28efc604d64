-- Value points reached by their deadlines.
-- ja: バリューポイント到達率
--
-- Of the accounts that ever paid and whose first planned deadline for the value point lies in the last 12 months, those that
-- reached it by then. A value point without a deadline is not in it, and re-planning does not improve the past.
--
-- ja: 過去に契約があり、最初に計画した期限が直近12か月にある顧客のうち、期限までにそのバリューポイントに到達した割合。期限のないバ
-- ja: リューポイントは含まず、計画を延ばしても過去の数値は良くならない。
--
-- Columns:
--   day              key   Day.
--   segment          label Touch-model segment of the account by what it paid on its first day.
--   point            label Value point: value_point_1, value_point_2, value_point_3.
--   ratio            gauge Accounts that reached it in time over accounts due.
--   due_accounts     gauge Accounts whose first deadline lies in the last 12 months.
--   reached_accounts gauge Those of them that reached it by then.
--
-- Group: Customers, 10
-- Every: 1h
-- Stored: by day

select
    g.day as day, g.segment as segment, g.point as point,
    cs_ratio(d.reached_accounts, d.due_accounts) as ratio,
    d.due_accounts as due_accounts, d.reached_accounts as reached_accounts
from (select day, segment, arrayJoin(['value_point_1', 'value_point_2', 'value_point_3']) as point from segments) as g
left join (
    select day, segment, point, sum(x.due_accounts) as due_accounts, sum(x.reached_accounts) as reached_accounts
    from value_points_detail as x
    group by day, segment, point
) as d on d.day = g.day and d.segment = g.segment and d.point = g.point
