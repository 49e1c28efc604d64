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
    f.day as day,
    if(f.is_named, f.account_id, '(other)') as account,
    if(f.is_named, f.csm, '(other)') as csm,
    f.segment as segment, f.from_band as from_band, f.band as band, f.account_id as account_id, f.arr as arr, toUInt8(1) as accounts,
    f.points as points, f.score as score, f.from_score as from_score, h.worst as worst
from health_falls as f
join (select day, account_id, worst from account_health) as h on h.day = f.day and h.account_id = f.account_id
