-- Time from the first paid day to churn, real use, first value and onboarding.
-- ja: イベントまでの期間(解約・利用開始・初回バリュー・オンボーディング)
--
-- Median of the Kaplan-Meier estimate over all accounts that ever paid: the first time by which the event happened of half of them. Accounts
-- of which it has not happened yet are censored on the day, or when they left. Bounds are the times at which the 95 % log-log bounds of the
-- curve (Greenwood's variance) reach a half, after Brookmeyer and Crowley (1982). A value is undefined where its curve never falls that low.
--
-- Churn is the first time that an account's ARR reached zero, whether it came back later or not.
--
-- ja: 過去に契約のあった全顧客についてのカプラン・マイヤー推定の中央値(半数の顧客でイベントが起きるまでの期間)。まだ起きていない顧客は
-- ja: 基準日または解約日で打ち切りとする。上限・下限は、曲線の95%信頼限界(Greenwoodの分散、log-log変換)が0.5に達する時点
-- ja: (Brookmeyer・Crowley)。曲線がそこまで下がらなければ値はない。
--
-- ja: 解約は、ARRが初めてゼロになった日で、その後に再契約したかどうかは問わない。
--
-- Columns:
--   day               key   Day.
--   event             label churn, time_to_use, value_point_1, onboarded.
--   segment           label Touch-model segment of the account by what it paid on its first day.
--   p50_seconds       gauge Time by which the event happened of half of the accounts.
--   p50_lower_seconds gauge Lower 95 % bound of the median.
--   p50_upper_seconds gauge Upper 95 % bound of the median.
--   event_accounts    gauge Accounts of which the event happened.
--   censored_accounts gauge Accounts of which it had not happened as long as they were watched.
--
-- Group: Customers, 42
-- Every: 1h

select
    g.day as day, g.event as event, g.segment as segment,
    s.p50 as p50_seconds, s.p50_lower as p50_lower_seconds, s.p50_upper as p50_upper_seconds,
    s.reached as event_accounts, s.censored as censored_accounts
from (select day, segment, arrayJoin(['churn', 'time_to_use', 'value_point_1', 'onboarded']) as event from segments) as g
left join (
    select day, event, member as segment, p50, p50_lower, p50_upper, reached, censored from survival_days where breakdown = 'segment'
) as s on s.day = g.day and s.event = g.event and s.segment = g.segment
