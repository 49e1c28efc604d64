-- Opportunities as they stood from one day on until another, without those of test accounts.
--
-- On a day the last version counts that was known by its end, or that reports a decision by then: a decision entered late
-- counts on its own day. Where none was known, the earliest version counts. The amount at creation is that of the earliest
-- version. Decided is what has both a day and an outcome.
--
-- Columns:
--   account_id       key  Account.
--   source           key  System that the opportunity came from.
--   opportunity_id   key  Opportunity.
--   since            key  First day on which it stood so.
--   before           fact First day on which it no longer did; 2149-06-06: it still does.
--   kind             fact What is to be sold.
--   originated_by    fact Who created it.
--   csm              fact CSM who created it, by the first version that names one; else the owner of the account at the end of that day; (none): nobody.
--   created_on       fact Day on which it was created.
--   created_amount   fact Amount of the earliest version, in created_currency; 0: none was given.
--   created_currency fact Its currency; empty: the reporting currency.
--   amount           fact Amount, in currency; 0: none was given.
--   currency         fact Its currency; empty: the reporting currency.
--   expected_on      fact First day on which it was planned to be decided; 2149-06-06: not planned.
--   decided_on       fact Day on which it was decided; 2149-06-06: open.
--   is_won           fact 1 where it is won.
--   stage            fact Stage.
--
-- Key: account_id, source, opportunity_id, since

with
toDate('2149-06-06') as never,

versions as (
    select
        toString(o.source) as source, opportunity_id,
        -- Day of a decision, else never; the day from which on the version counts.
        arraySort(x -> x.1, groupArray((
            (o.valid_from, o.updated_at), o.account_id, toString(o.kind), toString(o.originated_by), toString(o.csm), o.created_on, ifNull(o.expected_on, never),
            if(o.is_won is null, never, ifNull(o.closed_on, never)), ifNull(o.is_won, false), ifNull(o.amount, toDecimal64(0, 4)), toString(o.currency), toString(o.stage),
            least(toDate(o.valid_from, {zone:String}), if(o.is_won is null, never, ifNull(o.closed_on, never)))))) as versions,
        arraySort(arrayDistinct(arrayFilter(d -> d != never, arrayFlatten(arrayMap(v -> [v.6, v.8, v.13], versions))))) as breaks
    from stored_opportunities as o final
    where empty({accounts:Array(String)}) or (source, opportunity_id) in (select source, opportunity_id from stored_opportunities where account_id in {accounts:Array(String)})
    group by source, opportunity_id
    having not argMax(is_withdrawn, o.updated_at)
)

select
    v.account_id as account_id, v.source as source, v.opportunity_id as opportunity_id, v.since as since, v.before as before, v.kind as kind, v.originated_by as originated_by,
    multiIf(n.csm != '', n.csm, v.named_csm != '', v.named_csm, o.csm != '', o.csm, '(none)') as csm,
    v.created_on as created_on, v.created_amount as created_amount, v.created_currency as created_currency, v.amount as amount, v.currency as currency,
    v.expected_on as expected_on, v.decided_on as decided_on, v.is_won as is_won, v.stage as stage
from (
    select
        source, opportunity_id, piece.1 as since, piece.2 as before,
        versions[1].10 as created_amount, versions[1].11 as created_currency,
        arraySlice(versions, 1, greatest(arrayLastIndex(x -> x.13 <= since, versions), 1)) as known,
        known[-1] as present,
        present.2 as account_id, present.3 as kind, present.4 as originated_by, present.6 as created_on,
        arrayFirst(x -> x.5 != '', known).5 as named_csm,
        arrayFilter(x -> x != never, arrayMap(x -> x.7, known)) as expected,
        if(empty(expected), never, expected[1]) as expected_on,
        if(present.8 <= since, present.8, never) as decided_on,
        toUInt8(present.8 <= since and present.9) as is_won,
        present.10 as amount, present.11 as currency, present.12 as stage
    from versions
    array join arrayZip(breaks, arrayPushBack(arrayPopFront(breaks), never)) as piece
) as v
left join staff_names as n on n.name = cs_name_key(v.named_csm)
asof left join account_spans as o on o.account_id = v.account_id and o.since <= v.created_on
where v.created_on <= v.since
    and v.account_id not in (select account_id from test_accounts)
