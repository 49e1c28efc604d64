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

select
    day, horizon,
    toUInt64(sum(r.here)) as accounts, toUInt64(sum(r.lost_here)) as lost,
    -- Each lost account wins over the kept ones that score higher, and half over those that score the same.
    sum(r.lost_here * (r.kept_above + (r.here - r.lost_here) / 2)) as wins,
    ceil(any(r.n_all) / 10) as worst,
    sum(least(r.here, greatest(0, ceil(r.n_all / 10) - r.n_below)) * r.lost_here / r.here) as worst_lost,
    arrayMap((names, numbers, lost_numbers) -> cast((names, arrayZip(numbers, lost_numbers)), 'Map(String, Tuple(UInt64, UInt64))'), [sumMap(r.bands, r.numbers, r.lost_numbers)])[1] as bands
from (
    select
        day, horizon, toFloat64(number) as here, toFloat64(lost_number) as lost_here, bands, numbers, lost_numbers,
        sum(here) over (partition by day, horizon) as n_all,
        sum(here) over (partition by day, horizon order by level rows between unbounded preceding and current row) - here as n_below,
        sum(here - lost_here) over (partition by day, horizon order by level desc rows between unbounded preceding and current row) - (here - lost_here) as kept_above
    from (
        -- Levels to nine digits, so that equal scores are equal.
        select
            day, horizon, round(d.score, 9) as level, sum(d.accounts) as number, sum(d.lost_accounts) as lost_number,
            groupArray(d.band) as bands, groupArray(toUInt64(d.accounts)) as numbers, groupArray(toUInt64(d.lost_accounts)) as lost_numbers
        from health_backtest_detail as d
        where day in {days:Array(Date)}
        group by day, horizon, level
    ) as levels
) as r
group by day, horizon
