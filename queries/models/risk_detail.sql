-- The accounts behind ARR at risk.
--
-- One row per account and reason; an account of which a part has given notice may stand here twice, with that part and with
-- the rest.
--
-- Columns:
--   segment    label Touch model at as_of.
--   reason     label usage, qualitative, both, notice.
--   account_id key   Account.
--   arr        part  ARR at risk for this reason.
--   accounts   part  1.
--   csm        fact  Owner at as_of.
--   band       fact  Health band.
--   score      fact  Health score.
--   severity   fact  Highest severity of an open risk.
--   worst      fact  The three measures that cost most points, with their scores.

select
    segment, part.1 as reason, account_id, part.2 as arr, toUInt8(1) as accounts, csm, band, score, severity, worst
from (
    select
        r.segment as segment, r.account_id as account_id, r.csm as csm, r.band as band, r.score as score, r.severity as severity, r.worst as worst,
        arrayJoin(arrayFilter(x -> x.1 != '' and x.2 > 0, [('notice', r.notice_arr), (r.reason, r.arr - r.notice_arr)])) as part
    from cs.account_risks(as_of = {as_of:Date}) as r
    where r.at_risk_arr > 0
) as parts
