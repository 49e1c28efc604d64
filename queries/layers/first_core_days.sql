-- Kaplan-Meier estimate of the time from a user's first event to its first one that counts as use, by segment.
--
-- The estimate is as in time_to_use_days: the survival is the product, over the times so far, of 1 - events / at_risk, and who is censored at a time was still
-- at risk then. The curve has a point for each time at which anything happened.
--
-- Columns:
--   day      key  Day.
--   segment  key  Touch model.
--   p25      fact Seconds by which a quarter of the users get there; null: the curve never falls that low.
--   p50      fact Seconds by which half of the users get there; null: the same.
--   p75      fact Seconds by which three quarters of the users get there; null: the same.
--   reached  fact Users with an event that counts as use.
--   censored fact Users without one as long as they were watched.
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
        -- Rounded, since half of the users must be exactly 0.5.
        round(exp(sum(log1p(-events / at_risk)) over (partition by day, segment order by seconds)), 12) as survival
    from (
        select day, segment, seconds, events, lost, sum(events + lost) over (partition by day, segment order by seconds desc) as at_risk
        from (
            select day, segment, toInt64(d.seconds) as seconds, sum(d.reached_users) as events, sum(d.censored_users) as lost
            from first_core_event_detail as d
            where day in {days:Array(Date)}
            group by day, segment, seconds
        ) as times
    ) as counts
) as c
group by day, segment
