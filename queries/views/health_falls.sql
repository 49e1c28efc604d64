-- Accounts whose health fell over 28 days.
--
-- They pay now and paid 28 days ago, and their score is lower or their band is worse than then; from or to unknown is no
-- worse band.
--
-- Columns:
--   day        key   Day.
--   account_id key   Account.
--   csm        label Owner.
--   segment    label Touch model.
--   from_band  label Band 28 days before.
--   band       label Band on the day.
--   arr        fact  ARR.
--   points     fact  Points of the health score lost in 28 days; null where there is or was none.
--   score      fact  Health score.
--   from_score fact  Score 28 days before.
--   is_named   fact  1 where the account is among those that health_declines names.
--
-- Back: health_days 28

select
    day, r.1 as account_id, r.2 as csm, r.3 as segment, r.4 as from_band, r.5 as band, r.6 as arr, r.7 as points, r.8 as score, r.9 as from_score,
    toUInt8(place <= names) as is_named
from (
    select
        f.day as day, any(p.risk_accounts) as names,
        -- First those that turned red, then by points lost times ARR.
        arraySort(x -> (x.5 != 'red' or x.4 not in ('yellow', 'green'), -(ifNull(x.7, 0) * toFloat64(x.6)), x.1),
            groupArray((f.account_id, f.csm, f.segment, f.from_band, f.band, f.arr, f.points, f.score, f.from_score))) as declined
    from (
        select
            n.day as day, n.account_id as account_id, n.csm as csm, n.segment as segment, b.band as from_band, n.band as band, n.arr as arr,
            b.score - n.score as points, n.score as score, b.score as from_score
        from risk_days as n
        join (select day + 28 as day, account_id, band, score from health_days) as b on b.day = n.day and b.account_id = n.account_id
        where ifNull(b.score - n.score, 0) > 0
            or n.band != 'unknown' and indexOf(['red', 'yellow', 'green'], n.band) < indexOf(['red', 'yellow', 'green'], b.band)
    ) as f
    join policy_days as p on p.day = f.day
    group by day
) as d
array join declined as r, arrayEnumerate(declined) as place
