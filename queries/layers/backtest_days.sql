-- How the health score of 90 and 180 days before each day ranked the accounts that have churned or contracted since.
--
-- Columns:
--   day        key  Day.
--   horizon    key  Days before: 90d, 180d.
--   accounts   fact Accounts with a score then.
--   lost       fact Those of them that have churned or contracted by the day.
--   wins       fact Pairs of a lost account and a kept one in which the lost one had the lower score; the same score counts half.
--   worst      fact A tenth of the accounts.
--   worst_lost fact Lost accounts of the tenth with the lowest scores; accounts that tie at its edge count by their share.
--   bands      fact Accounts and lost ones by health band then, Map(String, Tuple(UInt64, UInt64)).
--
-- Key: day, horizon

with
levels as (
    -- To nine digits, so that equal scores are equal.
    select day, horizon, round(d.score, 9) as level, d.band as band, sum(d.accounts) as number, sum(d.lost_accounts) as lost_number
    from health_backtest_detail as d
    where day in {days:Array(Date)}
    group by day, horizon, level, band
)

select
    r.day as day, r.horizon as horizon,
    toUInt64(sum(r.here)) as accounts, toUInt64(sum(r.lost_here)) as lost,
    -- Each lost account wins over the kept ones that score higher, and half over those that score the same.
    sum(r.lost_here * (r.kept_above + (r.here - r.lost_here) / 2)) as wins,
    ceil(any(r.n_all) / 10) as worst,
    sum(least(r.here, greatest(0, ceil(r.n_all / 10) - r.n_below)) * r.lost_here / r.here) as worst_lost,
    any(b.bands) as bands
from (
    select
        day, horizon, here, lost_here,
        sum(here) over (partition by day, horizon) as n_all,
        sum(here) over (partition by day, horizon order by level rows between unbounded preceding and current row) - here as n_below,
        sum(here - lost_here) over (partition by day, horizon order by level desc rows between unbounded preceding and current row) - (here - lost_here) as kept_above
    from (
        select day, horizon, level, toFloat64(sum(number)) as here, toFloat64(sum(lost_number)) as lost_here
        from levels
        group by day, horizon, level
    ) as scores
) as r
join (
    select day, horizon, mapSort(cast((groupArray(band), groupArray((number, lost_number))), 'Map(String, Tuple(UInt64, UInt64))')) as bands
    from (select day, horizon, band, sum(x.number) as number, sum(x.lost_number) as lost_number from levels as x group by day, horizon, band) as by_band
    group by day, horizon
) as b on b.day = r.day and b.horizon = r.horizon
group by day, horizon
