-- The accounts whose health fell over 28 days.
--
-- One row per account that pays at as_of and 28 days before, and whose score is lower or whose band is worse.
--
-- Columns:
--   account    label Account, or (other).
--   csm        label Owner at as_of, or (other).
--   segment    label Touch model at as_of.
--   from_band  label Band 28 days before.
--   band       label Band at as_of.
--   account_id key   Account.
--   arr        part  ARR at as_of.
--   accounts   part  1.
--   points     fact  Points of the health score lost in 28 days; null where there is or was none.
--   score      fact  Health score.
--   from_score fact  Score 28 days before.
--   worst      fact  The three measures that cost most points, with their scores.

select
    if(is_named, account_id, '(other)') as account,
    if(is_named, owner, '(other)') as csm,
    segment, from_band, band, account_id, arr, toUInt8(1) as accounts, points, score, from_score, worst
from (
    select
        n.account_id as account_id, n.csm as owner, n.segment as segment, b.band as from_band, n.band as band, n.arr as arr,
        b.score - n.score as points, n.score as score, b.score as from_score, n.worst as worst,
        indexOf(['red', 'yellow', 'green'], n.band) as rung, indexOf(['red', 'yellow', 'green'], b.band) as rung_before,
        row_number() over (order by rung = 1 and rung_before > 1 desc, ifNull(points, 0) * toFloat64(n.arr) desc, n.account_id) <= p.risk_accounts as is_named
    from cs.account_health(as_of = {as_of:Date}) as n
    join cs.account_health_before(as_of = {as_of:Date}) as b on b.account_id = n.account_id
    cross join (select risk_accounts from cs.policy(as_of = {as_of:Date})) as p
    where ifNull(points, 0) > 0 or rung > 0 and rung < rung_before
) as ranked
