-- How each account that pays at as_of stands: who it is, what it pays, its health and why, what of it is at risk.
--
-- One row per account that pays at as_of. What boards show of accounts, in one place; stored for each day, so that they need
-- not compute it.
--
-- Columns:
--   account_id     key   Account.
--   name           fact  Display name.
--   segment        label Touch model at as_of.
--   csm            label Owner at as_of; (none): nobody.
--   phase          label Lifecycle phase.
--   arr            fact  ARR.
--   notice_arr     fact  ARR of the contracts that have given notice.
--   at_risk_arr    fact  ARR at risk in all.
--   reason         fact  Why the rest is at risk: usage, qualitative, both; empty: it is not.
--   band           label Health band.
--   score          fact  0 to 100; null where nothing is measured.
--   measured_ratio fact  Share of the weight that is measured.
--   scored_band    fact  Band by the score alone.
--   severity       fact  Highest severity of an open risk; 0: none.
--   overridden     fact  Reason of the band set by hand; empty: none is.
--   worst          fact  The three measures that cost most points, with their scores, Array(String).
--   drivers        fact  Measures, as in account_health.
--   due_on         fact  First day after as_of on which one of its contracts ends; null: none does.
--   planned_items  fact  Action items that are open at as_of.
--   signals        fact  Of a green account, where it has room to grow, as in expansion_signals, Array(String).
--
-- Store: account_days

select
    h.account_id as account_id, s.name as name, h.segment as segment, h.csm as csm, h.phase as phase, h.arr as arr,
    r.notice_arr as notice_arr, r.at_risk_arr as at_risk_arr, r.reason as reason,
    h.band as band, h.score as score, h.measured_ratio as measured_ratio, h.scored_band as scored_band, h.severity as severity,
    h.overridden as overridden, h.worst as worst, h.drivers as drivers,
    if(t.due_on in (toDate(0), toDate('2149-06-06')), null, toNullable(t.due_on)) as due_on,
    r.planned_items as planned_items, e.signals as signals
from cs.account_health(as_of = {as_of:Date}) as h
join (select x.account_id as account_id, x.name as name from cs.account_states(as_of = {as_of:Date}) as x) as s on s.account_id = h.account_id
join (
    select x.account_id as account_id, x.notice_arr as notice_arr, x.at_risk_arr as at_risk_arr, x.reason as reason, x.planned_items as planned_items
    from cs.account_risks(as_of = {as_of:Date}) as x
) as r on r.account_id = h.account_id
left join (
    select c.account_id as account_id, min(c.due_on) as due_on
    from cs.contract_arr(as_of = {as_of:Date}) as c
    where c.is_active and c.due_on > {as_of:Date}
    group by c.account_id
) as t on t.account_id = h.account_id
left join (
    select x.account_id as account_id, groupArray(x.signal) as signals
    from cs.expansion_signals_detail(as_of = {as_of:Date}) as x
    group by x.account_id
) as e on e.account_id = h.account_id
