-- Health of each account 28 days before as_of, as the facts tell it now.
--
-- Columns:
--   account_id key   Account.
--   segment    fact  Touch model then.
--   band       fact  Band then.
--   arr        fact  ARR then.
--   score      fact  Score then.
--   drivers    fact  Measures then, as in account_health.
--
-- Keep: 20s

select h.account_id as account_id, h.segment as segment, h.band as band, h.arr as arr, h.score as score, h.drivers as drivers
from cs.account_health(as_of = {as_of:Date} - 28) as h
