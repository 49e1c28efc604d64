-- The accounts whose health fell over 28 days.
--
-- One row per account that pays on the day and 28 days before, and whose score is lower or whose band is worse.
--
-- Columns:
--   day        key   Day.
--   account    label Account, or (other).
--   csm        label Owner on the day, or (other).
--   segment    label Touch model on the day.
--   from_band  label Band 28 days before.
--   band       label Band on the day.
--   account_id key   Account.
--   arr        part  ARR on the day.
--   accounts   part  1.
--   points     fact  Points of the health score lost in 28 days; null where there is or was none.
--   score      fact  Health score.
--   from_score fact  Score 28 days before.
--   worst      fact  The three measures that cost most points, with their scores.

select
    day,
    if(place <= names, r.1, '(other)') as account,
    if(place <= names, r.2, '(other)') as csm,
    r.3 as segment, r.4 as from_band, r.5 as band, r.1 as account_id, r.6 as arr, toUInt8(1) as accounts, r.7 as points, r.8 as score, r.9 as from_score, r.10 as worst
from (
    select
        f.day as day, any(p.risk_accounts) as names,
        -- First those that turned red, then by points lost times ARR.
        arraySort(x -> (x.5 != 'red' or x.4 not in ('yellow', 'green'), -(ifNull(x.7, 0) * toFloat64(x.6)), x.1),
            groupArray((f.account_id, f.csm, f.segment, f.from_band, f.band, f.arr, f.points, f.score, f.from_score, f.worst))) as declined
    from (
        select
            n.day as day, n.account_id as account_id, n.csm as csm, n.segment as segment, b.band as from_band, n.band as band, n.arr as arr,
            b.score - n.score as points, n.score as score, b.score as from_score, n.worst as worst
        from account_health as n
        join (select day + 28 as day, account_id, band, score from health_days) as b on b.day = n.day and b.account_id = n.account_id
        where ifNull(b.score - n.score, 0) > 0
            or n.band != 'unknown' and indexOf(['red', 'yellow', 'green'], n.band) < indexOf(['red', 'yellow', 'green'], b.band)
    ) as f
    join policy_days as p on p.day = f.day
    group by day
) as d
array join declined as r, arrayEnumerate(declined) as place
