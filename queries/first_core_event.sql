-- Time from a user's sign-up to its first core event.
-- ja: 登録から最初のコアイベントまでの期間(ユーザー別)
--
-- Sign-up is the day of a user's first event of any kind, since no fact has another date for it. The first core event is the first one that counts as use
-- (setting core_events; without the setting all events do, and the time is 0). It covers users of accounts that ever paid who signed up in the 365
-- days up to the day; events before the account paid count, too. Quantiles are of the Kaplan-Meier estimate, as in
-- time_to_use: users not there yet are censored on the day or when their account left. Undefined where the curve never
-- falls that low; then p50_at_least_seconds has the longest time that a user was watched, which the median exceeds. Times are whole days, since
-- events are rolled up to days. Funnels in Amplitude and Mixpanel show the time to convert of the users who got there, which leaves out the others.
--
-- ja: ユーザーの最初のイベント(種類を問わない)の日を登録日とし、設定core_eventsのイベントが最初にあった日までの期間を示す。設定がなければ
-- ja: 全イベントがコアイベントとなり、期間は0となる。対象は、過去に契約のあった顧客の、直近365日に登録したユーザー。契約前の利用も含む。
-- ja: 分位点はtime_to_useと同じくカプラン・マイヤー推定で、まだのユーザーは基準日または解約日で打ち切りとする。曲線がそこまで下がらなければ
-- ja: 値はなく、中央値が超える最長の観察期間をp50_at_least_secondsに示す。単位は日。AmplitudeやMixpanelの所要時間は、到達したユーザーだけ
-- ja: のもので、未到達のユーザーを含まない。
--
-- Columns:
--   day                  key       Day.
--   segment              label     Touch-model segment of the account on the day.
--   p25_seconds          gauge     Time by which a quarter of the users get there.
--   p50_seconds          gauge     Time by which half of the users get there.
--   p75_seconds          gauge     Time by which three quarters of the users get there.
--   p50_at_least_seconds gauge     The same as p50_seconds, or, where fewer than half get there, the longest time that a user was watched, which the median exceeds.
--   duration             histogram Seconds to the first core event of the users who got there.
--   reached_users        gauge     Users with a core event.
--   censored_users       gauge     Users without one as long as they were watched.
--
-- Group: Customers, 37
-- Every: 1h

select
    g.day as day, g.segment as segment,
    c.p25 as p25_seconds, c.p50 as p50_seconds, c.p75 as p75_seconds,
    if(empty(c.curve), null, ifNull(c.p50, c.curve[-1].1)) as p50_at_least_seconds,
    -- The same day, and 1, 3, 7, 14, 30, 60, 90 and 180 days.
    cs_histogram(arrayFlatten(arrayMap(x -> arrayWithConstant(x.3, toFloat64(x.1)), c.curve)),
        [0., 86400., 259200., 604800., 1209600., 2592000., 5184000., 7776000., 15552000.]) as duration,
    c.reached as reached_users, c.censored as censored_users
from segments as g
left join first_core_days as c on c.day = g.day and c.segment = g.segment
