-- Contracts that come or came up for renewal, by spans of days, and the contracts that had taken their place by then.
--
-- A contract is taken over by those that name it in renewed_from, or, if none does, by the first contract for the same account,
-- product and department that begins between its end and renewal_overdue_days later. If the terms of a contract change so that it ends
-- later, that renews it, too: it is due once by each end. One contract may take over several: their amounts are here side by side,
-- since only the rates of a day tell how much of it renews which of them (views/renewal_terms.sql).
--
-- There are rows for each length that the setting renewal_overdue_days ever had: those of policy_days.renewal_overdue_days hold on a day. Contracts
-- without an end are not here.
--
-- Columns:
--   account_id    key  Account.
--   overdue_days  key  The setting renewal_overdue_days.
--   source        key  System that the contract came from.
--   contract_id   key  Contract.
--   begins_on     key  First day on which it counts; if it was renewed in place, first day after that.
--   since         key  First day on which this holds.
--   before        fact First day on which it no longer does; 2149-06-06: it still does.
--   due_on        fact Its own first day no longer covered.
--   counts_before fact First day on which it no longer counts, without grace.
--   resumes_on    fact First day of the account's next contract from then on, as in contract_terms.
--   notice_on     fact Day on which notice was given; 2149-06-06: not.
--   replaced_on   fact First day of its successor, of value or not; 2149-06-06: none.
--   cancel_reason fact Why it was cancelled.
--   acv           fact Its annual value, in currency.
--   currency      fact ISO 4217; empty: the reporting currency.
--   is_named      fact 1 where the contracts that took its place name it.
--   heirs         fact Contracts that had taken its place by since, Array(Tuple(currency, acv on the first day)).
--   rivals        fact Other contracts that these took over, Array(Tuple(is_named, currency, acv, due_on, source, contract_id, begins_on)).
--   currencies    fact Currencies of all these amounts, Array(String).
--
-- Key: account_id, overdue_days, source, contract_id, begins_on, since

with
toDate('2149-06-06') as never,

-- What the accounts have contracts of, and what these name; the accounts of those, and of all that name one of them.
ids as (
    select toString(source) as source, arrayJoin([contract_id, renewed_from]) as id from contract_terms where account_id in {accounts:Array(String)} and id != ''
),

linked as (
    select account_id from contract_terms where (toString(source), contract_id) in ids or (toString(source), renewed_from) in ids
),

pieces as (
    select
        account_id, toString(c.source) as source, contract_id, counts_from, c.counts_before as counts_before, resumes_on, toString(c.product) as product, toString(c.department) as department,
        acv, toString(c.currency) as currency, due_on, renewed_from, replaced_on, notice_on, toString(c.cancel_reason) as cancel_reason,
        counts_from < c.counts_before as counts,
        max(if(counts, due_on, toDate(0))) over (partition by source, contract_id order by counts_from rows between unbounded preceding and 1 preceding) as due_before
    from contract_terms as c
    where empty({accounts:Array(String)})
        or (toString(c.source), contract_id) in (select toString(source), contract_id from contract_terms where account_id in linked)
),

-- Each contract that counts, in place of one that is renewed in place each of its terms. A later row that covers no day may still end a
-- term earlier.
terms as (
    select
        source, contract_id, term, term = max(term) over (partition by source, contract_id) as is_last,
        argMax(n.account_id, n.counts_from) as account_id, argMax(n.product, n.counts_from) as product, argMax(n.department, n.counts_from) as department,
        minIf(n.counts_from, counts and n.acv > 0) as begins_on, argMax(n.due_on, n.counts_from) as due_on,
        argMinIf((n.currency, n.acv), n.counts_from, counts and n.acv > 0) as worth,
        argMaxIf((n.currency, n.acv), n.counts_from, counts and n.acv > 0) as at_end,
        max(if(renewed_from = contract_id, '', renewed_from)) as predecessor,
        arraySort(groupArray((counts_from, n.account_id, n.due_on, notice_on, replaced_on, cancel_reason, counts, n.acv, n.currency, counts_before, resumes_on))) as pieces
    from (
        select *, toUInt16(sum(counts and due_on > due_before) over (partition by source, contract_id order by counts_from rows between unbounded preceding and current row)) as term
        from pieces
        where counts or due_on <= due_before
    ) as n
    group by source, contract_id, term
    having begins_on > toDate(0)
),

-- With the term that each takes over by its own account, and what takes over the same. The last term of a contract is its term 0: that is the
-- one that others name.
valued as (
    select
        account_id, product, department, begins_on, due_on, worth, at_end, pieces,
        (source, contract_id, if(is_last, 0, term)) as id,
        multiIf(term > 1, (source, contract_id, toUInt16(term - 1)), predecessor = '', id, (source, predecessor, toUInt16(0))) as names,
        groupArray((begins_on, worth.1, worth.2)) over (partition by names, names = id) as with_others
    from terms
),

-- What names each.
named as (
    select
        x.1 as id, anyIf(account_id, x.2) as account_id, anyIf(product, x.2) as product, anyIf(department, x.2) as department,
        anyIf(v.begins_on, x.2) as begins_on, anyIf(due_on, x.2) as due_on, anyIf(v.worth, x.2) as worth, anyIf(at_end, x.2) as at_end, anyIf(pieces, x.2) as pieces,
        anyIf(names, x.2) as names, anyIf(with_others, x.2) as with_others,
        groupArrayIf((v.begins_on, v.worth.1, v.worth.2), not x.2) as names_it
    from valued as v
    array join if(v.names = v.id, [(v.id, true)], [(v.id, true), (v.names, false)]) as x
    group by x.1
    having countIf(x.2) > 0
),

-- What took its place without naming it, the first if there are several.
followed as (
    select
        id, overdue_days, begins_on, due_on, at_end, pieces, names_it, if(empty(names_it), never, arrayMin(n -> n.1, names_it)) as named_on,
        arrayFirst(x -> x.1 >= due_on and x.1 <= due_on + overdue_days,
            arraySort(groupArray((begins_on, worth.2, id, names, with_others)) over (partition by overdue_days, account_id, product, department))) as follower
    from named
    cross join (
        select arrayJoin(arrayDistinct(arrayPushFront(groupArray(toUInt16OrZero(s.value)), toUInt16(cs_setting_defaults()['renewal_overdue_days/'])))) as overdue_days
        from stored_settings as s final
        where s.name = 'renewal_overdue_days'
    ) as o
),

-- First nothing takes its place, then the follower does, and from when on one names it, those that do.
taken_over as (
    select
        overdue_days, id, begins_on, pieces, x.2 as taken_on, x.3 as left_on, x.4 as heirs, x.5 as is_named,
        groupArray((x.2, x.3, x.5, at_end.1, at_end.2, due_on, id, begins_on)) over (partition by overdue_days, x.1) as takeovers
    from followed
    array join [
        ((id, ''), begins_on, least(named_on, if(follower.1 = toDate(0), never, follower.1)), [], 0),
        ((follower.4, if(follower.4 = follower.3, 'follows', 'named')), if(follower.1 = toDate(0), never, follower.1), named_on, follower.5, 0),
        ((id, 'named'), named_on, never, names_it, 1)] as x
    where x.2 < x.3
)

select
    known.2 as account_id, overdue_days, id.1 as source, id.2 as contract_id, begins_on, since, before,
    known.3 as due_on, counted.10 as counts_before, counted.11 as resumes_on, known.4 as notice_on, known.5 as replaced_on, known.6 as cancel_reason,
    counted.8 as acv, counted.9 as currency, is_named,
    arraySort(arrayMap(h -> (h.2, h.3), arrayFilter(h -> h.1 <= since, s.heirs))) as heirs,
    arraySort(arrayMap(r -> (r.3, r.4, r.5, r.6, r.7.1, r.7.2, r.8), arrayFilter(r -> r.1 <= since and since < r.2 and r.7 != id, s.takeovers))) as rivals,
    arraySort(arrayDistinct(arrayConcat([counted.9], s.heirs.2, s.takeovers.4))) as currencies
from (
    select
        *, b.1 as since, b.2 as before,
        arrayLast(p -> p.1 <= since, pieces) as known,
        arrayLast(p -> p.1 <= since and p.7, pieces) as counted
    from (
        select
            *,
            arraySort(arrayDistinct(arrayFilter(d -> d >= taken_on and d < left_on, arrayConcat([taken_on], pieces.1, t.heirs.1, takeovers.1, takeovers.2)))) as breaks
        from taken_over as t
    ) as at_breaks
    array join arrayZip(breaks, arrayPushBack(arrayPopFront(breaks), left_on)) as b
) as s
where known.3 != never and counted.8 > 0 and (empty({accounts:Array(String)}) or known.2 in {accounts:Array(String)})
