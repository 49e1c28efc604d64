-- The contracts behind the run-up to the renewals.
--
-- Columns:
--   day                   key   Day.
--   segment               label Touch model of the account at the day.
--   due                   label 0-30d, 31-60d, 61-90d.
--   account_id            key   Account.
--   contract_id           key   Contract.
--   source                key   System that the contract came from.
--   due_contracts         part  1.
--   opportunity_contracts part  1 where the account has an open opportunity of kind renewal.
--   touched_contracts     part  1 where it was touched within 60 days (views/renewal_readiness_detail.sql).
--   reviewed_contracts    part  1 where its value was reviewed within 365 days.
--   complaint_contracts   part  1 where it has an open complaint.
--   expand_contracts      part  1 where it has an open opportunity of expansion.
--   due_on                fact  First day no longer covered.
--   outcome               fact  open, or lost (notice was given).
--   arr                   fact  Annual value of the contract, in the reporting currency.
--   opportunities         fact  Open opportunities of kind renewal, Array(String).
--   expand_opportunities  fact  Open opportunities of expansion, Array(String).
--   complaints            fact  Open complaints, Array(String).
--   touched_on            fact  Last qualifying touch within 60 days; null: none.
--   reviewed_on           fact  Last value review within 365 days; null: none.

select
    c.day as day, c.segment as segment, c.due as due, c.account_id as account_id, c.contract_id as contract_id, c.source as source,
    toUInt8(1) as due_contracts,
    notEmpty(o.renewals) as opportunity_contracts,
    toUInt8(r.touched_on > toDate(0)) as touched_contracts,
    toUInt8(r.reviewed_on > toDate(0)) as reviewed_contracts,
    notEmpty(complaint.tickets) as complaint_contracts,
    notEmpty(o.expands) as expand_contracts,
    c.due_on as due_on, c.outcome as outcome, c.arr as arr,
    o.renewals as opportunities, o.expands as expand_opportunities, complaint.tickets as complaints,
    nullIf(r.touched_on, toDate(0)) as touched_on,
    nullIf(r.reviewed_on, toDate(0)) as reviewed_on
from renewals_ahead as c
left join renewal_readiness_detail as r on r.day = c.day and r.account_id = c.account_id
left join (
    -- Whether there is an opportunity needs no exchange rate.
    select
        d.day as day, x.account_id as account_id,
        arraySort(groupArrayIf(x.opportunity_id, x.kind = 'renewal')) as renewals,
        arraySort(groupArrayIf(x.opportunity_id, x.kind in ('upsell', 'cross_sell', 'extension', 'expand'))) as expands
    from opportunity_spans as x
    join (select day, toUInt8(1) as is_day from policy_days) as d on d.is_day = toUInt8(x.since < x.before)
    where x.since <= d.day and d.day < x.before and x.decided_on = toDate('2149-06-06')
    group by day, account_id
) as o on o.day = c.day and o.account_id = c.account_id
left join (
    select d.day as day, x.account_id as account_id, arraySort(groupArray(x.ticket_id)) as tickets
    from ticket_spans as x
    join (select day, toUInt8(1) as is_day from policy_days) as d on d.is_day = x.is_complaint
    where x.since <= d.day and d.day < x.before and d.day < x.resolved_on
    group by day, account_id
) as complaint on complaint.day = c.day and complaint.account_id = c.account_id
where c.due != 'overdue'
