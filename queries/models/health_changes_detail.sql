-- The accounts whose health band changed in 28 days.
--
-- One row per account that pays at as_of and 28 days before, and moved between red, yellow and green.
--
-- Columns:
--   segment      label Touch model at as_of.
--   direction    label improved, declined.
--   account_id   key   Account.
--   accounts     part  1.
--   arr          part  ARR at as_of.
--   from_band    fact  Band 28 days before.
--   to_band      fact  Band at as_of.
--   from_score   fact  Score 28 days before.
--   to_score     fact  Score at as_of.
--   csm          fact  Owner at as_of.

select
    n.segment as segment,
    if(indexOf(['red', 'yellow', 'green'], n.band) > indexOf(['red', 'yellow', 'green'], b.band), 'improved', 'declined') as direction,
    n.account_id as account_id, toUInt8(1) as accounts, n.arr as arr,
    b.band as from_band, n.band as to_band, b.score as from_score, n.score as to_score, n.csm as csm
from cs.account_health(as_of = {as_of:Date}) as n
join cs.account_health_before(as_of = {as_of:Date}) as b on b.account_id = n.account_id
where n.band in ('red', 'yellow', 'green') and b.band in ('red', 'yellow', 'green') and n.band != b.band
