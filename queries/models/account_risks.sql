-- ARR at risk of each account that pays at as_of, and why.
--
-- What has given notice is at risk by notice. The rest of an account is at risk by usage when its score is red and nobody
-- has set a band by hand, by qualitative risk when a risk of severity 2 or 3 is open or somebody has set it to red, and
-- by both when both hold.
--
-- Columns:
--   account_id    key   Account.
--   segment       label Touch model at as_of.
--   csm           label Owner at as_of.
--   phase         label Lifecycle phase.
--   band          label Health band.
--   arr           fact  ARR.
--   notice_arr    fact  ARR of the contracts that have given notice.
--   reason        fact  Why the rest is at risk: usage, qualitative, both; empty: it is not.
--   at_risk_arr   fact  ARR at risk in all.
--   score         fact  Health score.
--   severity      fact  Highest severity of an open risk.
--   worst         fact  The three measures that cost most points, with their scores.
--   planned_items fact  Action items that are open at as_of.
--
-- Keep: 20s

select
    r.account_id as account_id, r.segment as segment, r.csm as csm, r.phase as phase, r.band as band, r.arr as arr,
    r.notice_arr as notice_arr, r.reason as reason,
    if(r.reason = '', r.notice_arr, r.arr) as at_risk_arr,
    r.score as score, r.severity as severity, r.worst as worst, i.items as planned_items
from (
    select
        h.account_id as account_id, h.segment as segment, h.csm as csm, h.phase as phase, h.band as band, h.arr as arr,
        h.arr - s.contracted_arr as notice_arr,
        ['', 'usage', 'qualitative', 'both'][1 + (h.scored_band = 'red' and h.overridden = '') + 2 * (h.severity >= 2 or h.overridden != '' and h.band = 'red')] as reason,
        h.score as score, h.severity as severity, h.worst as worst
    from cs.account_health(as_of = {as_of:Date}) as h
    join cs.account_states(as_of = {as_of:Date}) as s on s.account_id = h.account_id
) as r
left join (
    select account_id, count() as items
    from cs.action_item_states(as_of = {as_of:Date})
    where is_open
    group by account_id
) as i on i.account_id = r.account_id
