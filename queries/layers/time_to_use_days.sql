-- Kaplan-Meier estimate of the time from the first paid day to the first real use, by segment.
--
-- Kaplan, E. L., and Meier, P. (1958): Nonparametric estimation from incomplete observations. JASA 53, 457-481. The survival is
-- the product, over the times so far, of 1 - events / at_risk. Who is censored at a time was still at risk then: events
-- go before censorings. The curve has a point for each time at which anything happened.
--
-- Columns:
--   day      key  Day.
--   segment  key  Touch model by what the account paid on its first day.
--   p25      fact Seconds by which a quarter of the accounts use it; null: the curve never falls that low.
--   p50      fact Seconds by which half of the accounts use it; null: the same.
--   p75      fact Seconds by which three quarters of the accounts use it; null: the same.
--   reached  fact Accounts with a first real use.
--   censored fact Accounts without one as long as they were watched.
--   curve    fact Points in order of time, Array(Tuple(seconds Int64, at_risk UInt64, events UInt64, censored UInt64, survival Float64)).
--
-- Key: day, segment

select
    day, segment,
    minOrNullIf(c.seconds, c.survival <= 0.75) as p25,
    minOrNullIf(c.seconds, c.survival <= 0.5) as p50,
    minOrNullIf(c.seconds, c.survival <= 0.25) as p75,
    sum(c.events) as reached,
    sum(c.lost) as censored,
    cast(arraySort(groupArray((c.seconds, c.at_risk, c.events, c.lost, c.survival))),
        'Array(Tuple(seconds Int64, at_risk UInt64, events UInt64, censored UInt64, survival Float64))') as curve
from (
    select
        day, segment, seconds, at_risk, events, lost,
        -- Rounded, since half of the accounts must be exactly 0.5.
        round(exp(sum(log1p(-events / at_risk)) over (partition by day, segment order by seconds)), 12) as survival
    from (
        select day, segment, seconds, events, lost, sum(events + lost) over (partition by day, segment order by seconds desc) as at_risk
        from (
            select day, segment, toInt64(d.seconds) as seconds, sum(d.reached_accounts) as events, sum(d.censored_accounts) as lost
            from time_to_use_detail as d
            where day in {days:Array(Date)}
            group by day, segment, seconds
        ) as times
    ) as counts
) as c
group by day, segment
