-- The accounts behind the health bands.
--
-- One row per account that pays at as_of.
--
-- Columns:
--   segment        label Touch model at as_of.
--   band           label red, yellow, green, unknown.
--   account_id     key   Account.
--   arr            part  ARR.
--   accounts       part  1.
--   csm            fact  Owner at as_of.
--   score          fact  Health score.
--   measured_ratio fact  Share of the weight that is measured.
--   decided_by     fact  What decided the band: score, too little measured, risk raised, set by hand.
--   overridden     fact  Reason of the band set by hand.
--   worst          fact  The three measures that cost most points, with their scores.

select
    h.segment as segment, h.band as band, h.account_id as account_id, h.arr as arr, toUInt8(1) as accounts,
    h.csm as csm, h.score as score, h.measured_ratio as measured_ratio,
    multiIf(h.overridden != '', 'set by hand', h.band != h.scored_band, 'risk raised', h.band = 'unknown', 'too little measured', 'score') as decided_by,
    h.overridden as overridden,
    h.worst as worst
from cs.account_health(as_of = {as_of:Date}) as h
