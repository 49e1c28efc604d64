-- The contracts behind the run-up to the renewals.
--
-- Columns:
--   segment               label Touch model of the account at as_of.
--   due                   label 0-30d, 31-60d, 61-90d.
--   account_id            key   Account.
--   contract_id           key   Contract.
--   source                key   System that the contract came from.
--   due_contracts         part  1.
--   opportunity_contracts part  1 where the account has an open opportunity of kind renewal.
--   touched_contracts     part  1 where it was touched within 60 days (models/renewal_readiness_detail.sql).
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
    c.segment as segment, c.due as due, c.account_id as account_id, c.contract_id as contract_id, c.source as source,
    toUInt8(1) as due_contracts,
    notEmpty(o.renewals) as opportunity_contracts,
    toUInt8(r.touched_on > toDate(0)) as touched_contracts,
    toUInt8(r.reviewed_on > toDate(0)) as reviewed_contracts,
    notEmpty(t.complaints) as complaint_contracts,
    notEmpty(o.expands) as expand_contracts,
    c.due_on as due_on, c.outcome as outcome, c.arr as arr,
    o.renewals as opportunities, o.expands as expand_opportunities, t.complaints as complaints,
    nullIf(r.touched_on, toDate(0)) as touched_on,
    nullIf(r.reviewed_on, toDate(0)) as reviewed_on
from cs.renewals_ahead(as_of = {as_of:Date}) as c
left join cs.renewal_readiness_detail(as_of = {as_of:Date}) as r on r.account_id = c.account_id
left join (
    select
        account_id,
        arraySort(groupArrayIf(opportunity_id, kind = 'renewal')) as renewals,
        arraySort(groupArrayIf(opportunity_id, kind in ('upsell', 'cross_sell', 'extension', 'expand'))) as expands
    from cs.opportunity_states(as_of = {as_of:Date})
    where decided_on = toDate('2149-06-06')
    group by account_id
) as o on o.account_id = c.account_id
left join (
    select account_id, arraySort(groupArray(ticket_id)) as complaints
    from (
        select k.account_id as account_id, k.ticket_id as ticket_id, k.opened_at as opened_at, k.resolved_at as resolved_at, day_after
        from cs.tickets as k final
        cross join (
            -- The first instant after as_of in the reporting zone.
            select toDateTime64({as_of:Date} + 1, 3, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) as day_after
        ) as bounds
        where k.is_complaint
    ) as dated
    where opened_at < day_after and (resolved_at is null or resolved_at >= day_after)
    group by account_id
) as t on t.account_id = c.account_id
where c.due != 'overdue'
