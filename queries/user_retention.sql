-- Users who come back, by the time since their first use.
-- ja: ユーザーの継続率
--
-- Users by the week (Monday to Sunday) or month in which they were first active, and the share of them that was active again in the nth
-- period after it: classic retention (active in exactly that period) and unbounded or rolling retention (in that period or a later one). The cohorts
-- are the last thirteen whole periods. Numerator and denominator of an age have only the cohorts whose nth period is over, so the oldest age has one
-- cohort. The ratio is users over users of all these cohorts, as in Amplitude. Use counts from the day on which the account first pays; users of
-- accounts that left count as users who did not come back. A user of two accounts is two users.
--
-- Calendar periods and first use ever are PostHog's convention (first-time retention, posthog.com/docs/product-analytics/retention),
-- where weeks begin on Sundays unless set otherwise. Amplitude (amplitude.com/docs/faq/retention-analysis) calls the two Return On and Return On or
-- After, and by default counts days of 24 hours from each user's first event, weeks of 7 and months of 30 of them; calendar dates are an option. Mixpanel
-- (docs.mixpanel.com/reference/retention-query) also counts from each user's own event. Classic and unbounded are Countly's words. Unbounded retention of recent periods
-- still grows, since users have had less time to return.
--
-- ja: 初めて利用した週(月曜から日曜)または月ごとにユーザーをまとめ、n期間後に再び利用した割合を示す。クラシックはちょうどその期間に、
-- ja: アンバウンデッド(ローリング)はその期間以降に利用したユーザー。直近に終わった13期間をコホートとし、n期間目が終わったコホートだけを
-- ja: 分子・分母に含める。値は全コホートの加重平均。初回利用は契約開始後のもの。解約した顧客のユーザーは、戻らなかったユーザーとして数える。
-- ja: 2社で使うユーザーは2人と数える。
--
-- ja: 暦の期間と初回利用を基準とするのはPostHogと同じ。AmplitudeではReturn OnとReturn On or Afterにあたるが、既定では各ユーザーの最
-- ja: 初のイベントから24時間を1日、7日を1週、30日を1か月と数える。Mixpanelも各ユーザーのイベントから数える。アンバウンデッドは、最近の期間
-- ja: ほど戻るまでの時間が短いため、後から上がる。
--
-- Columns:
--   day             key   Day.
--   period          label Length of the periods: week, month.
--   age             label Periods since the one of the first use: 0 to 12.
--   classic_ratio   gauge Users active in exactly that period over users of the cohorts.
--   unbounded_ratio gauge Users active in that period or a later one over users of the cohorts.
--   users           gauge Users of the cohorts whose period of that age is over.
--   classic_users   gauge Those of them who were active in that period.
--   unbounded_users gauge Those of them who were active in that period or a later one that is over.
--
-- Group: Customers, 35
-- Every: 1h
-- Stored: by day

select
    day, period, toString(n) as age,
    cs_ratio(classic_users, users) as classic_ratio, cs_ratio(unbounded_users, users) as unbounded_ratio,
    users, classic_users, unbounded_users
from (
    select day, period, n, sum(x.users) as users, sumIf(x.users, bitTest(active, n)) as classic_users, sumIf(x.users, bitShiftRight(active, n) > 0) as unbounded_users
    from (
        select p.day as day, p.period as period, c.users as users,
            toUInt8(if(p.period = 'week', intDiv(p.starts_on - c.cohort, 7), dateDiff('month', c.cohort, p.starts_on))) as oldest,
            -- What was used in a period that is not over on the day does not count.
            bitAnd(c.active, toUInt16(bitShiftLeft(toUInt32(1), oldest + 1) - 1)) as active
        from last_periods as p
        join user_cohort_sums as c on c.period = p.period
        where c.cohort between if(p.period = 'week', p.starts_on - 84, addMonths(p.starts_on, -12)) and p.starts_on
    ) as x
    array join range(oldest + 1) as n
    group by day, period, n
) as at_age
