-- Contracts that come or came up for renewal, and what became of them by as_of.
--
-- renewed: a contract that names it in renewed_from has begun, or, without such a link, one for the same account, product
-- and department has begun between its end and renewal_overdue_days later. lost: notice was given, or it ended with a
-- reason, or it ended more than renewal_overdue_days ago. undecided: it ended since then and nobody has said anything.
-- open: it has not ended.
--
-- Columns:
--   source      key   System that the contract came from.
--   contract_id key   Contract.
--   account_id  key   Account.
--   due_on      fact  Its own first day no longer covered.
--   outcome     fact  renewed, lost, undecided, open.
--   has_notice  fact  Notice was given by as_of.
--   is_active   fact  It counts as ARR at as_of.
--   arr         fact  Its annual value, in the reporting currency.
--   renewed_arr fact  That of its successors, at most its own.
--   account_arr fact  ARR of the account at the starts of the 1m, 3m and 12m windows and at as_of, 4 entries.
--   followers   fact  First days and values of the contracts that took its place without naming it, Array(Tuple(Date, Decimal)).

with
toDate('2149-06-06') as never,

terms as (
    select
        source, contract_id, account_id, product, department, due_on, replaced_on, notice_on, cancel_reason, renewed_from, active, c.arr as arr,
        [
            sumIf(arr, active[2]) over (partition by account_id), sumIf(arr, active[4]) over (partition by account_id),
            sumIf(arr, active[13]) over (partition by account_id), sumIf(arr, active[1]) over (partition by account_id)
        ] as account_arr,
        groupArray((starts_on, arr)) over (partition by account_id, product, department) as line
    from cs.contract_arr(as_of = {as_of:Date}) as c
)

select
    t.source as source, t.contract_id as contract_id, t.account_id as account_id, t.due_on as due_on,
    multiIf(
        t.replaced_on != never or notEmpty(followers), 'renewed',
        t.due_on > {as_of:Date}, if(has_notice, 'lost', 'open'),
        has_notice or t.cancel_reason != '' or {as_of:Date} - t.due_on > renewal_overdue_days, 'lost',
        'undecided') as outcome,
    t.notice_on <= {as_of:Date} as has_notice,
    t.active[1] as is_active,
    t.arr as arr,
    least(t.arr, multiIf(s.renewed_arr > 0, s.renewed_arr, empty(followers), toDecimal128(0, 12), followers[1].2)) as renewed_arr,
    t.account_arr as account_arr,
    arraySort(arrayFilter(x -> x.1 >= t.due_on and x.1 <= t.due_on + renewal_overdue_days, t.line)) as followers
from terms as t
left join (
    select source, renewed_from as predecessor, sum(c.arr) as renewed_arr
    from cs.contract_arr(as_of = {as_of:Date}) as c
    where renewed_from != ''
    group by source, renewed_from
) as s on s.source = t.source and s.predecessor = t.contract_id
cross join (select renewal_overdue_days from cs.policy(as_of = {as_of:Date})) as p
where t.due_on != never
