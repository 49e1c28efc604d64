-- Time from the first paid day to the first real use.
-- ja: 利用開始までの期間(Time to Use)
--
-- The first real use is the milestone time_to_use, else the first day with enough active users (setting first_use_users). All
-- accounts that ever paid are in it. Quantiles are of the Kaplan-Meier estimate: the first time by which the share is
-- reached; accounts not there yet are censored at as_of or when they left. Undefined where the curve never falls
-- that low. The histogram has the accounts that got there.
--
-- ja: 契約開始から実際に使い始めるまでの期間。マイルストーンtime_to_use、なければ十分な人数が初めて利用した日(設定first_use_users)
-- ja: による。過去に契約のあった全顧客が対象。分位点はカプラン・マイヤー推定で、まだ使い始めていない顧客は基準日または解約日で打ち
-- ja: 切りとする。曲線がそこまで下がらなければ値はない。分布は使い始めた顧客のもの。
--
-- Columns:
--   segment           label     Touch-model segment of the account by what it paid on its first day.
--   p25_seconds       gauge     Time by which a quarter of the accounts use it.
--   p50_seconds       gauge     Time by which half of the accounts use it.
--   p75_seconds       gauge     Time by which three quarters of the accounts use it.
--   duration          histogram Seconds to the first real use of the accounts that got there.
--   reached_accounts  gauge     Accounts with a first real use.
--   censored_accounts gauge     Accounts without one as long as they were watched.
--
-- Group: Customers, 9
-- Every: 1h

select
    g.segment as segment,
    c.p25 as p25_seconds, c.p50 as p50_seconds, c.p75 as p75_seconds,
    -- 7, 14, 30, 60, 90, 120, 180 and 365 days.
    cs_histogram(c.durations, [604800., 1209600., 2592000., 5184000., 7776000., 10368000., 15552000., 31536000.]) as duration,
    c.reached as reached_accounts, c.watched as censored_accounts
from (select arrayJoin(['high', 'low', 'tech']) as segment) as g
left join (
    select
        segment,
        minOrNullIf(seconds, survival <= 0.75) as p25,
        minOrNullIf(seconds, survival <= 0.5) as p50,
        minOrNullIf(seconds, survival <= 0.25) as p75,
        groupArrayArray(arrayWithConstant(events, toFloat64(seconds))) as durations,
        sum(events) as reached,
        sum(censored) as watched
    from cs.time_to_use_curve(as_of = {as_of:Date})
    group by segment
) as c on c.segment = g.segment
order by segment
