-- Survival curves: share of the accounts of which an event has not happened by an age.
-- ja: 生存曲線(継続率・未到達率)
--
-- Kaplan-Meier estimate over all accounts that ever paid, by the time since their first paid day. For churn it is the share that has never left
-- by that age; for the other events, the share that is not there yet. Accounts of which the event has not happened are censored on the day, or
-- when they left. Bounds are 95 % log-log bounds with Greenwood's variance, as in lifelines; before the first event, and where the
-- curve is 0, they are undefined. Nothing is known of an age that no account was watched for.
--
-- The restricted mean is the area under the curve up to the age: how long it takes on average, where whatever takes longer counts as the age itself. Its
-- variance is the sum of (area from there to the age)² events / (at_risk (at_risk - events)).
--
-- ja: 過去に契約のあった全顧客について、利用開始日からの経過期間で見たカプラン・マイヤー推定。解約では、その期間まで一度も解約していない割合、
-- ja: 他のイベントでは、まだ到達していない割合。未発生の顧客は基準日または解約日で打ち切りとする。上限・下限は95%信頼限界(Greenwoodの
-- ja: 分散、log-log変換。lifelinesと同じ)で、最初のイベントより前と、曲線が0のところでは値がない。その期間まで観察した顧客がいなければ値はない。
--
-- ja: 境界内平均は、その期間までの曲線の下の面積。それより長くかかる分は、その期間ちょうどとして平均する。
--
-- Columns:
--   day                           key   Day.
--   event                         label churn, time_to_use, value_point_1, onboarded.
--   segment                       label Touch-model segment of the account by what it paid on its first day.
--   age_months                    label Age in months: 1, 3, 6, 12, 24, 36. It is over after as many days as they can have at most: 31, 92, 184, 366, 731, 1096.
--   ratio                         gauge Estimated share of the accounts of which the event has not happened by that age.
--   ratio_lower                   gauge Lower 95 % bound of the share.
--   ratio_upper                   gauge Upper 95 % bound of the share.
--   restricted_mean_seconds       gauge Mean time to the event or to that age, whichever is less.
--   restricted_mean_lower_seconds gauge Lower 95 % bound of that mean.
--   restricted_mean_upper_seconds gauge Upper 95 % bound of that mean.
--   accounts                      gauge Accounts that ever paid.
--   at_risk_accounts              gauge Accounts that were watched at least that long without the event before.
--   event_accounts                gauge Accounts of which the event happened by that age.
--
-- Group: Customers, 40
-- Every: 1h
-- Stored: by day

with
1.959963984540054 as z

select
    g.day as day, g.event as event, g.segment as segment, toString(g.months) as age_months,
    if(s.is_known, s.point.1, null) as ratio, if(s.is_known, s.point.2, null) as ratio_lower, if(s.is_known, s.point.3, null) as ratio_upper,
    if(s.is_known, round(s.area, 3), null) as restricted_mean_seconds,
    if(s.is_known and s.variance > 0, round(greatest(s.area - z * sqrt(s.variance), 0), 3), null) as restricted_mean_lower_seconds,
    if(s.is_known and s.variance > 0, round(least(s.area + z * sqrt(s.variance), toFloat64(s.age)), 3), null) as restricted_mean_upper_seconds,
    s.accounts as accounts, s.at_risk_accounts as at_risk_accounts, s.event_accounts as event_accounts
from (
    select day, segment, event, months
    from segments
    array join ['churn', 'time_to_use', 'value_point_1', 'onboarded'] as event
    array join [1, 3, 6, 12, 24, 36] as months
) as g
left join (
    select
        day, event, segment, months, age, accounts,
        arraySum((t, d, l) -> if(t >= age, d + l, 0), times, happened, lost) as at_risk_accounts,
        arraySum((t, d) -> if(t <= age, d, 0), times, happened) as event_accounts,
        -- The last point up to the age; before the first one there is all.
        if(points = 0, (1., null, null), curve_points[points]) as point,
        times[-1] >= age or point.1 = 0 as is_known,
        if(points = 0, toFloat64(age), areas[points] + shares[points] * (age - times[points])) as area,
        arraySum((t, n, d, a) -> if(t <= age and n > d, pow(area - a, 2) * d / (n * (n - d)), 0), times, at_risk, happened, areas) as variance
    from (
        select
            day, event, member as segment, reached + censored as accounts, arrayJoin([(1, 31), (3, 92), (6, 184), (12, 366), (24, 731), (36, 1096)]) as term,
            term.1 as months, 86400 * toInt64(term.2) as age,
            c.curve.1 as times, c.curve.2 as at_risk, c.curve.3 as happened, c.curve.4 as lost, c.curve.5 as shares,
            arrayMap(x -> (x.5, x.6, x.7), c.curve) as curve_points,
            arrayCumSum((t, t_before, s_before) -> s_before * (t - t_before), times, arrayPopBack(arrayPushFront(times, 0)), arrayPopBack(arrayPushFront(shares, 1.))) as areas,
            arrayCount(t -> t <= age, times) as points
        from survival_days as c
        where breakdown = 'segment'
    ) as a
) as s on s.day = g.day and s.event = g.event and s.segment = g.segment and s.months = g.months
