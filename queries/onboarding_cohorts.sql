-- Time to onboard and to value, by month of the first paid day.
-- ja: オンボーディングと初回バリューまでの期間(開始月別)
--
-- Accounts by the calendar month of their first paid day, the last twelve months, the running one included. Values of the accounts that got there
-- (reached_…) leave out whoever is not there yet, so they are too short, most of all in recent months. The others are Kaplan-Meier estimates
-- over all accounts of the month, with those not there yet censored on the day or when they left. A quantile is the first time by which that
-- share got there; once all accounts got there, both are the same. The restricted mean counts whatever takes longer than 92 days as 92 days;
-- it is undefined until an account was watched that long. (layers/survival_days.sql)
--
-- ja: 利用開始月(当月を含む直近12か月)ごとの集計。reached_で始まる値は到達した顧客だけの値なので、未到達の顧客が残る最近の月ほど実際より短く
-- ja: 出る。その他は月の全顧客によるカプラン・マイヤー推定で、未到達の顧客は基準日または解約日で打ち切りとする。分位点はその割合が到達した最初の
-- ja: 期間で、全顧客が到達すれば両者は一致する。境界内平均は92日を超える分を92日として平均し、92日観察した顧客がいるまでは値がない。
--
-- Columns:
--   day                     key   Day.
--   cohort                  label Month of the first paid day, as 2024-03; the last twelve.
--   milestone               label onboarded, value_point_1, time_to_use.
--   p50_seconds             gauge Time by which half of the accounts got there.
--   p80_seconds             gauge Time by which four fifths of the accounts got there.
--   restricted_mean_seconds gauge Mean time to get there, where whatever takes longer than 92 days counts as 92 days.
--   reached_p50_seconds     gauge Time by which half of the accounts that got there did.
--   reached_p80_seconds     gauge Time by which four fifths of the accounts that got there did.
--   reached_mean_seconds    gauge Mean time of the accounts that got there.
--   reached_accounts        gauge Accounts that got there.
--   open_accounts           gauge Accounts that pay and did not get there yet.
--   left_accounts           gauge Accounts that left before they got there.
--
-- Group: Customers, 39
-- Every: 1h

select
    day, member as cohort, event as milestone,
    s.p50 as p50_seconds, s.p80 as p80_seconds,
    if(s.curve[-1].1 >= 92 * 86400 or s.curve[-1].5 = 0, round(arraySum(
        (t, t_next, share) -> share * (least(t_next, toInt64(92 * 86400)) - least(t, toInt64(92 * 86400))),
        arrayPushFront(s.curve.1, 0), arrayPushBack(s.curve.1, toInt64(92 * 86400)), arrayPushFront(s.curve.5, 1.)), 3), null) as restricted_mean_seconds,
    s.reached_p50 as reached_p50_seconds, s.reached_p80 as reached_p80_seconds,
    s.reached_sum / nullIf(s.reached, 0) as reached_mean_seconds,
    s.reached as reached_accounts, s.censored - s.left as open_accounts, s.left as left_accounts
from survival_days as s
where breakdown = 'month' and event in ('onboarded', 'value_point_1', 'time_to_use')
