-- Users who are new, returning, resurrected or dormant.
-- ja: ユーザーの状態(新規・継続・復帰・休眠)
--
-- Users of the accounts that ever paid, in the last whole week (Monday to Sunday) and month. New: active for the first time since the
-- account pays. Returning: active in the period before as well. Resurrected: active again, after at least one period without use. Dormant: active in
-- the period before, and not in this one. New, returning and resurrected users together are the active users of the period; returning and dormant
-- ones are those of the period before, so periods add up. A user is active with an event that counts as use (setting core_events); a user of two
-- accounts is two users. These are the states of PostHog's lifecycle (posthog.com/docs/product-analytics/lifecycle), which
-- begins weeks on Sundays unless set otherwise; Amplitude's lifecycle has the same states, and calls returning users current.
--
-- ja: 過去に契約のあった顧客のユーザーの、直近に終わった週(月曜から日曜)と月の状態。新規は契約開始後はじめて利用したユーザー、継続は
-- ja: 前の期間にも利用したユーザー、復帰は1期間以上の空白のあとで再び利用したユーザー、休眠は前の期間に利用し、この期間に利用しな
-- ja: かったユーザー。新規+継続+復帰がこの期間の、継続+休眠が前の期間のアクティブユーザーとなる。利用とみなすイベントは設定core_events
-- ja: による。2社で使うユーザーは2人と数える。状態の定義はPostHogのライフサイクルと同じ。
--
-- Columns:
--   day               key   Day.
--   segment           label Touch-model segment of the account on the day.
--   period            label Length of the period: week, month.
--   new_users         gauge Users active for the first time.
--   returning_users   gauge Users active in this period and in the one before.
--   resurrected_users gauge Users active again, who were not in the period before.
--   dormant_users     gauge Users active in the period before, and not in this one.
--   active_users      gauge Users active in the period: new, returning and resurrected.
--
-- Group: Customers, 34
-- Every: 1h
-- Stored: by day

select
    g.day as day, g.segment as segment, period,
    users[1] as new_users, users[2] as returning_users, users[3] as resurrected_users, users[4] as dormant_users,
    users[1] + users[2] + users[3] as active_users
from segments as g
left join (
    select s.day as day, s.segment as segment, sumForEach(u.week) as week, sumForEach(u.month) as month
    from account_days as s
    join user_state_days as u on u.day = s.day and u.account_id = s.account_id
    group by day, segment
) as d on d.day = g.day and d.segment = g.segment
array join ['week', 'month'] as period, [d.week, d.month] as users
