-- Opportunities created by as_of, as they stand at as_of, without those of test accounts.
--
-- The version that counts is the last one that was known by the end of as_of or that tells of a decision by then: a decision
-- entered late counts on its own day. Where none was known, the earliest version counts. The amount at creation is that of
-- the earliest version. Decided is what has both a day and an outcome.
--
-- Columns:
--   source           key   System that the opportunity came from.
--   opportunity_id   key   Opportunity.
--   account_id       key   Account.
--   segment          label Touch model of the account (models/account_segments.sql).
--   kind             label What is to be sold.
--   originated_by    fact  Who created it.
--   csm              label CSM who created it, by the first version that names one; else the owner of the account at the end of that day; (none): nobody.
--   created_on       fact  Day on which it was created.
--   created_amount   fact  Amount of the earliest version, in created_currency; 0: none was given.
--   created_currency fact  Its currency; empty: the reporting currency.
--   created_rate     fact  Its exchange rate of the fiscal year of as_of; 0: there is none.
--   amount           fact  Amount at as_of, in currency; 0: none was given.
--   currency         fact  Its currency; empty: the reporting currency.
--   rate             fact  Its exchange rate of the fiscal year of as_of; 0: there is none.
--   expected_on      fact  First day on which it was planned to be decided; 2149-06-06: not planned.
--   decided_on       fact  Day on which it was decided, by as_of; 2149-06-06: open.
--   is_won           fact  1 where it is won.
--   stage            fact  Stage at as_of.
--
-- Keep: 20s

select
    source, opportunity_id,
    v.account_id as account_id,
    if(s.segment = '', 'tech', s.segment) as segment,
    v.kind as kind,
    v.originated_by as originated_by,
    multiIf(
        v.named_csm != '', v.named_csm,
        cs_owner_on(w.owners, created_end) != '', cs_owner_on(w.owners, created_end),
        '(none)') as csm,
    v.created_on as created_on,
    v.created_amount as created_amount,
    v.created_currency as created_currency,
    rates[v.created_currency].1 as created_rate,
    v.amount as amount,
    v.currency as currency,
    rates[v.currency].1 as rate,
    v.expected_on as expected_on,
    v.decided_on as decided_on,
    toUInt8(v.decided_on != toDate('2149-06-06') and v.is_won) as is_won,
    v.stage as stage
from (
    select
        source, opportunity_id,
        versions[1].9 as created_amount,
        versions[1].10 as created_currency,
        -- Those known by as_of; there is always one.
        if(seen = 0, 1, seen) as position,
        versions[position] as present,
        present.2 as account_id,
        present.3 as kind,
        present.4 as originated_by,
        arrayFirst(x -> x.5 != '', arraySlice(versions, 1, position)).5 as named_csm,
        present.6 as created_on,
        ifNull(arrayFirst(x -> x.7 is not null, arraySlice(versions, 1, position)).7, toDate('2149-06-06')) as expected_on,
        if(ifNull(present.8.1, toDate('2149-06-06')) <= {as_of:Date} and present.8.2 is not null, assumeNotNull(present.8.1), toDate('2149-06-06')) as decided_on,
        ifNull(present.8.2, false) as is_won,
        present.9 as amount,
        present.10 as currency,
        present.11 as stage,
        toDateTime64(created_on + 1, 3, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) - interval 1 millisecond as created_end
    from (
        select
            source, opportunity_id,
            arraySort(x -> x.1, groupArray((
                updated_at, o.account_id, toString(o.kind), toString(o.originated_by), toString(o.csm), o.created_on, o.expected_on,
                (o.closed_on, o.is_won), ifNull(o.amount, toDecimal64(0, 4)), toString(o.currency), toString(o.stage)))) as versions,
            arrayLastIndex(x -> x.1 < day_after or ifNull(x.8.1, toDate('2149-06-06')) <= {as_of:Date} and x.8.2 is not null, versions) as seen
        from cs.opportunities as o final
        cross join (
            -- The first instant after as_of in the reporting zone.
            select toDateTime64({as_of:Date} + 1, 3, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) as day_after
        ) as bounds
        group by source, opportunity_id, day_after
    ) as o
    where created_on <= {as_of:Date}
) as v
cross join (
    -- A scalar subquery is Nullable.
    select assumeNotNull((select tuple(*) from cs.valuation(as_of = {as_of:Date}))).1 as rates
) as valuation
left join cs.account_segments(as_of = {as_of:Date}) as s on s.account_id = v.account_id
left join cs.account_owners(as_of = {as_of:Date}) as w on w.account_id = v.account_id
where not s.is_test
