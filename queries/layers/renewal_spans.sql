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

-- The engine hashes the query below for each function of a column, so most functions stand here, close to the table, or in one lambda.
pieces as (
    select
        account_id, toString(c.source) as source, contract_id, counts_from, toString(c.product) as product, toString(c.department) as department,
        due_on, if(renewed_from = contract_id, '', renewed_from) as predecessor,
        counts_from < c.counts_before as counts, counts and acv > 0 as has_value, (counts_from, toString(c.currency), acv) as worth,
        (counts_from, account_id, due_on, notice_on, replaced_on, toString(c.cancel_reason), counts, acv, toString(c.currency), c.counts_before, resumes_on) as piece,
        max(if(counts, due_on, toDate(0))) over (partition by source, contract_id order by counts_from rows between unbounded preceding and 1 preceding) as due_before,
        counts and due_on > due_before as is_longer
    from contract_terms as c
    where empty({accounts:Array(String)})
        or (toString(c.source), contract_id) in (select toString(source), contract_id from contract_terms where account_id in linked)
),

-- Each contract that counts, in place of one that is renewed in place each of its terms. A later row that covers no day may still end a
-- term earlier.
terms as (
    select
        source, contract_id, toUInt16(term) as term, term = max(term) over (partition by source, contract_id) as is_last,
        argMax(n.account_id, n.counts_from) as account_id, argMax(n.product, n.counts_from) as product, argMax(n.department, n.counts_from) as department,
        argMax(n.due_on, n.counts_from) as due_on,
        argMinIf(n.worth, n.counts_from, has_value) as worth, argMaxIf(n.worth, n.counts_from, has_value) as at_end,
        max(n.predecessor) as predecessor, arraySort(groupArray(piece)) as pieces
    from (
        select *, sum(is_longer) over (partition by source, contract_id order by counts_from rows between unbounded preceding and current row) as term
        from pieces
        where counts or due_on <= due_before
    ) as n
    group by source, contract_id, term
    having countIf(has_value) > 0
),

-- With the term that each takes over by its own account, and what takes over the same. The last term of a contract is its term 0: that is the
-- one that others name.
valued as (
    select
        account_id, product, department, due_on, worth, at_end, pieces,
        (source, contract_id, if(is_last, 0, term)) as id,
        multiIf(term > 1, (source, contract_id, toUInt16(term - 1)), predecessor = '', id, (source, predecessor, toUInt16(0))) as names,
        names = id as names_none,
        (worth.1, worth.3, id, names, groupArray(worth) over (partition by names, names_none)) as candidate
    from terms
),

-- What names each.
named as (
    select
        id, anyIf(account_id, is_own) as account_id, anyIf(product, is_own) as product, anyIf(department, is_own) as department,
        anyIf(due_on, is_own) as due_on, anyIf(at_end, is_own) as at_end, anyIf(pieces, is_own) as pieces, anyIf(candidate, is_own) as candidate,
        groupArrayIf(v.worth, is_other) as names_it
    from (select * except id, id as own_id from valued) as v
    array join if(names_none, [own_id], [own_id, names]) as id, if(names_none, [0], [0, 1]) as is_other, if(names_none, [1], [1, 0]) as is_own
    group by id
    having countIf(is_own) > 0
),

-- With the other terms of the account, of which the first may take its place without naming it.
followed as (
    select
        overdue_days, id, candidate.1 as begins_on, due_on, at_end, pieces, names_it,
        groupArray(candidate) over (partition by overdue_days, account_id, product, department) as candidates
    from named
    cross join (
        select arrayJoin(arrayDistinct(arrayPushFront(groupArray(toUInt16OrZero(s.value)), toUInt16(cs_setting_defaults()['renewal_overdue_days/'])))) as overdue_days
        from stored_settings as s final
        where s.name = 'renewal_overdue_days'
    ) as o
),

-- First nothing takes its place, then the first follower does, and from when on one names it, those that do. With each time what it is of the
-- one that takes over.
taken_over as (
    select
        overdue_days, id, begins_on, pieces, x.2 as taken_on, x.3 as left_on, x.4 as heirs, x.5 as is_named,
        groupArray(x.6) over (partition by overdue_days, x.1) as takeovers
    from followed
    array join arrayMap(
        (id, begins_on, named_on, due_on, at_end, names_it, follower) -> arrayMap(
            x -> (x.1, x.2, x.3, x.4, x.5, (x.2, x.3, x.5, at_end.2, at_end.3, due_on, id, begins_on)),
            arrayFilter(x -> x.2 < x.3, [
                ((id, ''), begins_on, least(named_on, if(follower.1 = toDate(0), never, follower.1)), [], 0),
                ((follower.4, if(follower.4 = follower.3, 'follows', 'named')), if(follower.1 = toDate(0), never, follower.1), named_on, follower.5, 0),
                ((id, 'named'), named_on, never, names_it, 1)])),
        arrayMap(
            (id, begins_on, due_on, overdue_days, at_end, names_it, candidates) -> (
                id, begins_on, if(empty(names_it), never, arrayMin(n -> n.1, names_it)), due_on, at_end, names_it,
                arrayFirst(x -> x.1 >= due_on and x.1 <= due_on + overdue_days, arraySort(candidates))),
            [(id, begins_on, due_on, overdue_days, at_end, names_it, candidates)]))[1] as x
)

select
    r.1 as account_id, overdue_days, id.1 as source, id.2 as contract_id, begins_on, r.2 as since, r.3 as before,
    r.4.3 as due_on, r.5.10 as counts_before, r.5.11 as resumes_on, r.4.4 as notice_on, r.4.5 as replaced_on, r.4.6 as cancel_reason,
    r.5.8 as acv, r.5.9 as currency, is_named, r.6 as heirs, r.7 as rivals, r.8 as currencies
from (
    select
        overdue_days, id, begins_on, is_named,
        arrayJoin(arrayMap(
            (id, pieces, taken_on, left_on, heirs, takeovers) -> arrayMap(
                (since, before, known, counted) -> (
                    known.2, since, before, known, counted,
                    arraySort(arrayMap(h -> (h.2, h.3), arrayFilter(h -> h.1 <= since, heirs))),
                    arraySort(arrayMap(r -> (r.3, r.4, r.5, r.6, r.7.1, r.7.2, r.8), arrayFilter(r -> r.1 <= since and since < r.2 and r.7 != id, takeovers))),
                    arraySort(arrayDistinct(arrayConcat([counted.9], heirs.2, takeovers.4)))),
                arrayFilter(
                    (since, before, known, counted) -> known.3 != never and counted.8 > 0 and (empty({accounts:Array(String)}) or known.2 in {accounts:Array(String)}),
                    arrayMap(
                        (since, before) -> (since, before, arrayLast(p -> p.1 <= since, pieces), arrayLast(p -> p.1 <= since and p.7, pieces)),
                        arrayMap(
                            breaks -> arrayZip(breaks, arrayPushBack(arrayPopFront(breaks), left_on)),
                            [arraySort(arrayDistinct(arrayFilter(d -> d >= taken_on and d < left_on, arrayConcat([taken_on], pieces.1, heirs.1, takeovers.1, takeovers.2))))])[1]))),
            [(id, pieces, taken_on, left_on, heirs, takeovers)])[1]) as r
    from taken_over
) as s
