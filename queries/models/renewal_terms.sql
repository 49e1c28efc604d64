-- Contracts that come or came up for renewal, and what became of them by as_of.
--
-- renewed: a contract of value that names it in renewed_from has begun, or, without such a link, one for the same account,
-- product and department has begun between its end and renewal_overdue_days later. lost: notice was given, it ended with a
-- reason, it was replaced by something without value, or it ended more than renewal_overdue_days ago. undecided: it ended
-- since then and nobody has said anything. open: it has not ended.
--
-- What one contract takes over from several counts once: it goes to the one that it names first, then to the larger ones, each up
-- to its own value, and what is left over is uplift of the first.
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
--   uplift_arr  fact  What they are worth above all that they took over.
--   account_arr fact  ARR of the account at the starts of the 1m, 3m and 12m windows and at as_of, 4 entries.
--   segment_high_arr fact Setting.
--   segment_low_arr fact Setting.
--
-- Keep: 20s

with
toDate('2149-06-06') as never,

-- Each contract beside what its successors are worth: they are grouped under their predecessor's id.
terms as (
    select
        source, id as contract_id,
        anyIf(c.account_id, is_own) as account_id, anyIf(c.product, is_own) as product, anyIf(c.department, is_own) as department,
        anyIf(c.starts_on, is_own) as starts_on, anyIf(c.counts_before, is_own) as counts_before, anyIf(c.is_active, is_own) as is_active,
        anyIf(c.due_on, is_own) as due_on, anyIf(c.replaced_on, is_own) as replaced_on, anyIf(c.notice_on, is_own) as notice_on,
        anyIf(c.cancel_reason, is_own) as cancel_reason, anyIf(c.arr, is_own) as arr,
        anyIf(c.renewed_from, is_own) as names, sumIf(c.arr, not is_own) as successors_arr,
        any(c.renewal_overdue_days) as renewal_overdue_days, any(c.segment_high_arr) as segment_high_arr, any(c.segment_low_arr) as segment_low_arr
    from cs.contract_arr(as_of = {as_of:Date}) as c
    array join if(renewed_from in ('', contract_id), [contract_id], [contract_id, renewed_from]) as id, if(renewed_from in ('', contract_id), [true], [true, false]) as is_own
    group by source, id
    having countIf(is_own) > 0
),

surroundings as (
    select
        *,
        sumIf(arr, starts_on <= addMonths({as_of:Date}, -1) and addMonths({as_of:Date}, -1) < counts_before) over account as arr_1m,
        sumIf(arr, starts_on <= addMonths({as_of:Date}, -3) and addMonths({as_of:Date}, -3) < counts_before) over account as arr_3m,
        sumIf(arr, starts_on <= addMonths({as_of:Date}, -12) and addMonths({as_of:Date}, -12) < counts_before) over account as arr_12m,
        sumIf(arr, is_active) over account as arr_now,
        -- The first contract for the same thing that took its place without naming it.
        arrayFirst(x -> x.1 >= due_on and x.1 <= due_on + renewal_overdue_days,
            arraySort(groupArray((starts_on, arr, source, contract_id, names)) over (partition by account_id, product, department))) as follower
    from terms
    window account as (partition by account_id)
),

-- Contracts that the same ones took over, by the contract that these name, else by the follower.
taken_over as (
    select
        *,
        row_number() over takeover as position,
        sum(arr) over (takeover rows between unbounded preceding and current row) as arr_so_far,
        sum(arr) over (partition by heir) as arr_taken,
        max(if(successors_arr > 0, successors_arr, follower.2)) over (partition by heir) as heirs_arr
    from (
        select
            *,
            multiIf(
                successors_arr > 0, (toString(source), contract_id, 'named'),
                follower.2 = 0, (toString(source), contract_id, ''),
                follower.5 in ('', follower.4), (toString(follower.3), follower.4, 'follower'),
                (toString(follower.3), follower.5, 'named')) as heir
        from surroundings
    ) as s
    window takeover as (partition by heir order by successors_arr > 0 desc, arr desc, due_on, source, contract_id)
)

select
    source, contract_id, account_id, due_on,
    multiIf(
        successors_arr > 0 or follower.2 > 0, 'renewed',
        due_on > {as_of:Date}, if(has_notice or replaced_on != never, 'lost', 'open'),
        has_notice or replaced_on != never or cancel_reason != '' or {as_of:Date} - due_on > renewal_overdue_days, 'lost',
        'undecided') as outcome,
    notice_on <= {as_of:Date} as has_notice,
    is_active,
    arr,
    least(arr, greatest(heirs_arr - (arr_so_far - arr), toDecimal128(0, 12))) as renewed_arr,
    if(position = 1, greatest(heirs_arr - arr_taken, toDecimal128(0, 12)), toDecimal128(0, 12)) as uplift_arr,
    [arr_1m, arr_3m, arr_12m, arr_now] as account_arr,
    segment_high_arr, segment_low_arr
from taken_over
where due_on != never
