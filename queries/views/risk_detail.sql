-- The accounts behind ARR at risk.
--
-- One row per account and reason; an account of which a part has given notice may stand here twice, with that part and with
-- the rest.
--
-- Columns:
--   day        key   Day.
--   segment    label Touch model on the day.
--   reason     label usage, qualitative, both, notice.
--   account_id key   Account.
--   arr        part  ARR at risk for this reason.
--   accounts   part  1.
--   csm        fact  Owner on the day.
--   band       fact  Health band.
--   score      fact  Health score.
--   severity   fact  Highest severity of an open risk.
--   worst      fact  The three measures that cost most points, with their scores.

select
    day, segment, part.1 as reason, account_id, part.2 as arr, toUInt8(1) as accounts, csm, band, score, severity, worst
from risk_days as r
array join arrayFilter(x -> x.1 != '' and x.2 > 0, [('notice', notice_arr), (r.reason, r.arr - notice_arr)]) as part
