-- Kaplan-Meier estimates of the time from the first paid day to an event, with what is read off them.
--
-- Kaplan, E. L., and Meier, P. (1958): Nonparametric estimation from incomplete observations. JASA 53, 457-481. The survival is
-- the product, over the times so far, of 1 - events / at_risk. Who is censored at a time was still at risk then: events
-- go before censorings. The curve has a point for each time at which anything happened.
--
-- The variance of the logarithm of the survival is Greenwood's sum of events / (at_risk (at_risk - events)). The 95 % bounds are the
-- log-log ones (Kalbfleisch and Prentice 1980), as in lifelines and Stata. They have no value before the first event and where the curve is 0.
-- A bound of the median is the first time at which that bound of the curve is at or below a half (Brookmeyer and Crowley 1982).
--
-- Columns:
--   day         key  Day.
--   event       key  churn, time_to_use, value_point_1, onboarded.
--   breakdown   key  By what accounts are grouped: all, segment, year and month of the first paid day (the last twelve months).
--   member      key  Group: empty for all; high; 2024; 2024-03.
--   reached     fact Accounts of which the event happened.
--   censored    fact Accounts of which it had not happened as long as they were watched.
--   left        fact Those of them that left.
--   p25         fact Seconds by which it happened of a quarter of the accounts; null: the curve never falls that low.
--   p50         fact Seconds by which it happened of half of the accounts; null: the same.
--   p75         fact Seconds by which it happened of three quarters of the accounts; null: the same.
--   p80         fact Seconds by which it happened of four fifths of the accounts; null: the same.
--   p50_lower   fact Lower 95 % bound of p50; null: undefined.
--   p50_upper   fact Upper 95 % bound of p50; null: undefined.
--   reached_sum fact Seconds to the event of the accounts of which it happened, in total.
--   reached_p50 fact Seconds by which it happened of half of these accounts; null: there is none.
--   reached_p80 fact Seconds by which it happened of four fifths of these accounts; null: there is none.
--   curve       fact Points in order of time, Array(Tuple(seconds Int64, at_risk UInt64, events UInt64, censored UInt64, survival Float64, lower Nullable(Float64), upper Nullable(Float64))).
--
-- Key: day, event, breakdown, member

with
1.959963984540054 as z

select
    day, event, breakdown, member,
    sum(c.events) as reached, sum(c.lost) as censored, sum(c.gone) as left,
    minOrNullIf(c.seconds, c.survival <= 0.75) as p25, minOrNullIf(c.seconds, c.survival <= 0.5) as p50,
    minOrNullIf(c.seconds, c.survival <= 0.25) as p75, minOrNullIf(c.seconds, c.survival <= 0.2) as p80,
    minOrNullIf(c.seconds, ifNull(c.lower <= 0.5, false)) as p50_lower, minOrNullIf(c.seconds, ifNull(c.upper <= 0.5, false)) as p50_upper,
    sum(c.seconds * c.events) as reached_sum,
    minOrNullIf(c.seconds, 2 * c.events_so_far >= c.all_events and c.all_events > 0) as reached_p50, minOrNullIf(c.seconds, 5 * c.events_so_far >= 4 * c.all_events and c.all_events > 0) as reached_p80,
    cast(arraySort(x -> x.1, groupArray((c.seconds, c.at_risk, c.events, c.lost, c.survival, c.lower, c.upper))),
        'Array(Tuple(seconds Int64, at_risk UInt64, events UInt64, censored UInt64, survival Float64, lower Nullable(Float64), upper Nullable(Float64)))') as curve
from (
    select
        day, event, breakdown, member, seconds, at_risk, events, lost, gone, events_so_far, all_events,
        -- Rounded, since half of the accounts must be exactly 0.5.
        round(exp(log_survival), 12) as survival,
        if(survival > 0 and survival < 1, toNullable(exp(-z * sqrt(greenwood) / log_survival)), null) as spread,
        round(exp(log_survival * spread), 12) as lower,
        round(exp(log_survival / spread), 12) as upper
    from (
        select
            day, event, breakdown, member, seconds, at_risk, events, lost, gone,
            sum(log1p(-events / at_risk)) over so_far as log_survival,
            sum(if(at_risk > events, events / (at_risk * (at_risk - events)), 0)) over so_far as greenwood,
            sum(events) over so_far as events_so_far,
            sum(events) over (partition by day, event, breakdown, member) as all_events
        from (
            select day, event, breakdown, member, seconds, events, lost, gone, sum(events + lost) over (partition by day, event, breakdown, member order by seconds desc) as at_risk
            from (
                select
                    day, event, b.1 as breakdown, b.2 as member, seconds,
                    sum(t.events) as events, sum(t.lost) as lost, sum(t.gone) as gone
                from (
                    -- Summed before each goes into several groups.
                    select
                        day, event, segment, month, seconds, events, lost, gone,
                        arrayJoin(arrayFilter(x -> x.2 != '' or x.1 = 'all', [
                            ('all', ''), ('segment', segment), ('year', toString(toYear(month))),
                            ('month', if(month > addMonths(toStartOfMonth(day), -12), formatDateTime(month, '%Y-%m'), ''))
                        ])) as b
                    from (
                        select
                            day, event, segment, toStartOfMonth(d.first_paid_on) as month, toInt64(d.seconds) as seconds,
                            sum(d.event_accounts) as events, sum(d.censored_accounts) as lost, sum(d.censored_accounts and d.left_on is not null) as gone
                        from time_to_event_detail as d
                        where day in {days:Array(Date)}
                        group by day, event, segment, month, seconds
                    ) as months
                ) as t
                group by day, event, breakdown, member, seconds
            ) as times
        ) as counts
        window so_far as (partition by day, event, breakdown, member order by seconds)
    ) as sums
) as c
group by day, event, breakdown, member
