-- The accounts whose health band changed in 28 days.
--
-- One row per account that pays on the day and 28 days before, and moved between red, yellow and green.
--
-- Columns:
--   day        key   Day.
--   segment    label Touch model on the day.
--   direction  label improved, declined.
--   account_id key   Account.
--   accounts   part  1.
--   arr        part  ARR on the day.
--   from_band  fact  Band 28 days before.
--   to_band    fact  Band on the day.
--   from_score fact  Score 28 days before.
--   to_score   fact  Score on the day.
--   csm        fact  Owner on the day.
--
-- Back: health_days 0, 28

select
    n.day as day, n.segment as segment,
    if(indexOf(['red', 'yellow', 'green'], n.band) > indexOf(['red', 'yellow', 'green'], b.band), 'improved', 'declined') as direction,
    n.account_id as account_id, toUInt8(1) as accounts, n.arr as arr,
    b.band as from_band, n.band as to_band, b.score as from_score, n.score as to_score, n.csm as csm
from health_days as n
join (select day + 28 as day, account_id, band, score from health_days) as b on b.day = n.day and b.account_id = n.account_id
where n.band in ('red', 'yellow', 'green') and b.band in ('red', 'yellow', 'green') and n.band != b.band
