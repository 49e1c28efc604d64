-- The run-up to the renewals ahead.
-- ja: 更新プロセスの進捗
--
-- Contracts due within 90 days, those that gave notice included, and how far their renewal is prepared: what is open for the account
-- in sales and support, and when it was last touched and its value reviewed. Each number is of the due contracts.
--
-- ja: 90日以内に終了する契約(解約通知済みを含む)について、更新に向けた準備がどこまで進んでいるか。更新商談・拡大商談の有無、直近の
-- ja: 接点、導入効果の確認、未解決のクレームを、契約数で示す。
--
-- Columns:
--   day                   key   Day.
--   segment               label Touch-model segment of the account at the day.
--   due                   label Days until the first day no longer covered: 0-30d, 31-60d, 61-90d; disjoint.
--   due_contracts         gauge Contracts due.
--   opportunity_contracts gauge Contracts whose account has an open opportunity of kind renewal.
--   touched_contracts     gauge Contracts whose account was touched in the last 60 days, as for readiness.
--   reviewed_contracts    gauge Contracts whose account had its value reviewed in the last 365 days.
--   complaint_contracts   gauge Contracts whose account has an open ticket that is a complaint.
--   expand_contracts      gauge Contracts whose account has an open opportunity of expansion.
--
-- Group: Revenue, 18
-- Every: 15m
-- Stored: by day

select
    g.day as day, g.segment as segment, g.due as due,
    d.due_contracts as due_contracts, d.opportunity_contracts as opportunity_contracts, d.touched_contracts as touched_contracts,
    d.reviewed_contracts as reviewed_contracts, d.complaint_contracts as complaint_contracts, d.expand_contracts as expand_contracts
from (select day, segment, arrayJoin(['0-30d', '31-60d', '61-90d']) as due from segments) as g
left join (
    select
        day, segment, due, sum(x.due_contracts) as due_contracts, sum(x.opportunity_contracts) as opportunity_contracts, sum(x.touched_contracts) as touched_contracts,
        sum(x.reviewed_contracts) as reviewed_contracts, sum(x.complaint_contracts) as complaint_contracts, sum(x.expand_contracts) as expand_contracts
    from renewal_process_detail as x
    group by day, segment, due
) as d on d.day = g.day and d.segment = g.segment and d.due = g.due
