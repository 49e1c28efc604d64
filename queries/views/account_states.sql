-- How each account that pays stands: who it is, what it pays, its health and why, what of it is at risk.
--
-- What boards show of accounts, in one place.
--
-- Columns:
--   day            key   Day at whose end the account stands so.
--   account_id     key   Account.
--   name           fact  Display name.
--   segment        label Touch model.
--   csm            label Owner; (none): nobody.
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
--   due_on         fact  First day on which one of its contracts ends; it is past where that counts on in a grace period; null: none does.
--   planned_items  fact  Open action items.
--   signals        fact  Of a green account, where it has room to grow, as in expansion_signals, Array(String).

select
    h.day as day, h.account_id as account_id, s.name as name, h.segment as segment, h.csm as csm, h.phase as phase, h.arr as arr,
    r.notice_arr as notice_arr, r.at_risk_arr as at_risk_arr, r.reason as reason,
    h.band as band, h.score as score, h.measured_ratio as measured_ratio, h.scored_band as scored_band, h.severity as severity,
    h.overridden as overridden, h.worst as worst, h.drivers as drivers,
    if(r.due_on in (toDate(0), toDate('2149-06-06')), null, toNullable(r.due_on)) as due_on,
    r.planned_items as planned_items, e.signals as signals
from account_health as h
join (select day, account_id, name from account_days) as s on s.day = h.day and s.account_id = h.account_id
join (select day, account_id, notice_arr, at_risk_arr, reason, due_on, planned_items from risk_days) as r on r.day = h.day and r.account_id = h.account_id
left join (select day, account_id, signals from signal_days) as e on e.day = h.day and e.account_id = h.account_id
