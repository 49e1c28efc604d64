-- The accounts behind health.
--
-- Columns:
--   day            key   Day.
--   segment        label Touch model.
--   band           label red, yellow, green, unknown.
--   account_id     key   Account.
--   arr            part  ARR.
--   accounts       part  1.
--   csm            fact  Owner.
--   score          fact  Health score.
--   measured_ratio fact  Share of the weight that is measured.
--   decided_by     fact  What decided the band: score, too little measured, risk raised, set by hand.
--   overridden     fact  Reason of the band set by hand.
--   worst          fact  The three measures that cost most points, with their scores.

select
    day, segment, band, account_id, arr, toUInt8(1) as accounts, csm, score, measured_ratio,
    multiIf(overridden != '', 'set by hand', band != scored_band, 'risk raised', band = 'unknown', 'too little measured', 'score') as decided_by,
    overridden, worst
from account_health
