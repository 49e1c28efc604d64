-- Time from the first paid day to the first real use.
-- ja: 利用開始までの期間(Time to Use)
--
-- The first real use is the milestone time_to_use, else the first day with enough active users (setting first_use_users). All
-- accounts that ever paid are in it. Quantiles are of the Kaplan-Meier estimate: the first time by which the share is
-- reached; accounts not there yet are censored on the day or when they left. Undefined where the curve never falls
-- that low. Where more than half never get there, the median is beyond the longest time that an account was watched:
-- p50_at_least_seconds. The histogram has the accounts that got there.
--
-- ja: 契約開始から実際に使い始めるまでの期間。マイルストーンtime_to_use、なければ十分な人数が初めて利用した日(設定first_use_users)
-- ja: による。過去に契約のあった全顧客が対象。分位点はカプラン・マイヤー推定で、まだ使い始めていない顧客は基準日または解約日で打ち
-- ja: 切りとする。曲線がそこまで下がらなければ値はない。半数が使い始めていない場合、中央値は最も長く観察した期間を超えるので、その期間を
-- ja: p50_at_least_secondsに示す。分布は使い始めた顧客のもの。
--
-- Columns:
--   day                  key       Day.
--   segment              label     Touch-model segment of the account by what it paid on its first day.
--   p25_seconds          gauge     Time by which a quarter of the accounts use it.
--   p50_seconds          gauge     Time by which half of the accounts use it.
--   p75_seconds          gauge     Time by which three quarters of the accounts use it.
--   p50_at_least_seconds gauge     The same as p50_seconds, or, where fewer than half use it, the longest time that an account was watched, which the median exceeds.
--   duration             histogram Seconds to the first real use of the accounts that got there.
--   reached_accounts     gauge     Accounts with a first real use.
--   censored_accounts    gauge     Accounts without one as long as they were watched.
--
-- Group: Customers, 9
-- Every: 1h

select
    g.day as day, g.segment as segment,
    c.p25 as p25_seconds, c.p50 as p50_seconds, c.p75 as p75_seconds,
    if(empty(c.curve), null, ifNull(c.p50, c.curve[-1].1)) as p50_at_least_seconds,
    -- 7, 14, 30, 60, 90, 120, 180 and 365 days.
    cs_histogram(arrayFlatten(arrayMap(x -> arrayWithConstant(x.3, toFloat64(x.1)), c.curve)),
        [604800., 1209600., 2592000., 5184000., 7776000., 10368000., 15552000., 31536000.]) as duration,
    c.reached as reached_accounts, c.censored as censored_accounts
from segments as g
left join (
    select day, member as segment, p25, p50, p75, reached, censored, curve from survival_days where event = 'time_to_use' and breakdown = 'segment'
) as c on c.day = g.day and c.segment = g.segment
