-- Contracts that come or came up for renewal, and what became of them by the day.
--
-- renewed: a contract of value that names it in renewed_from has begun, or, without such a link, one for the same account,
-- product and department has begun between its end and renewal_overdue_days later. lost: notice was given, it ended with a
-- reason, it was replaced by something without value, or it ended more than renewal_overdue_days ago. undecided: it ended
-- since then and nobody has said anything. open: it has not ended. A contract whose terms change so that it ends later is renewed in place,
-- and is here once by each of its ends.
--
-- What one contract takes over from several counts once: it goes to the one that it names first, then to the larger ones, each up
-- to its own value, and what is left over is uplift of the first.
--
-- Columns:
--   day         key   Day.
--   source      key   System that the contract came from.
--   contract_id key   Contract.
--   begins_on   key   First day on which it counts; if it was renewed in place, first day after that.
--   account_id  key   Account.
--   due_on      fact  Its own first day no longer covered.
--   outcome     fact  renewed, lost, undecided, open.
--   has_notice  fact  Notice was given by the day.
--   is_active   fact  It counts as ARR at the day.
--   arr         fact  Its annual value, in the reporting currency.
--   renewed_arr fact  That of its successors, at most its own.
--   uplift_arr  fact  What they are worth above all that they took over.
--   account_arr fact  ARR of the account at the starts of the 1m, 3m and 12m windows and at the day, 4 entries.
--   segment_high_arr fact Setting.
--   segment_low_arr fact Setting.

with
toDecimal128(0, 12) as zero

select
    r.day as day, r.source as source, r.contract_id as contract_id, r.begins_on as begins_on, r.account_id as account_id, r.due_on as due_on,
    r.outcome as outcome, r.has_notice as has_notice, r.is_active as is_active, r.arr as arr,
    least(r.arr, greatest(r.heirs_arr - arraySum(x -> x.2, arrayFilter(x -> (x.1, x.2) > (r.is_named, r.arr) or (x.1, x.2) = (r.is_named, r.arr) and x.3 < r.place, r.others)), zero)) as renewed_arr,
    if(arrayExists(x -> (x.1, x.2) > (r.is_named, r.arr) or (x.1, x.2) = (r.is_named, r.arr) and x.3 < r.place, r.others), zero,
        greatest(r.heirs_arr - r.arr - arraySum(x -> x.2, r.others), zero)) as uplift_arr,
    [a.opening_1m, a.opening_3m, a.opening_12m, a.arr] as account_arr, r.segment_high_arr as segment_high_arr, r.segment_low_arr as segment_low_arr
from (
    select
        t.day as day, t.source as source, t.contract_id as contract_id, t.begins_on as begins_on, t.account_id as account_id, t.due_on as due_on,
        multiIf(
            notEmpty(t.heirs), 'renewed',
            t.due_on > t.day, if(has_notice or t.replaced_on <= t.day, 'lost', 'open'),
            has_notice or t.replaced_on <= t.day or t.cancel_reason != '' or t.day - t.due_on > t.overdue_days, 'lost',
            'undecided') as outcome,
        t.notice_on <= t.day as has_notice,
        t.day < greatest(t.counts_before, least(t.resumes_on, t.notice_on, t.counts_before + p.grace_days)) as is_active,
        toDecimal128(t.acv, 4) * p.rates[t.currency] as arr,
        t.is_named as is_named, (t.due_on, t.source, t.contract_id, t.begins_on) as place,
        arraySum(h -> toDecimal128(h.2, 4) * p.rates[h.1], t.heirs) as heirs_arr,
        arrayMap(x -> (x.1, toDecimal128(x.3, 4) * p.rates[x.2], (x.4, x.5, x.6, x.7)), t.rivals) as others,
        p.segment_high_arr as segment_high_arr, p.segment_low_arr as segment_low_arr
    from (
        select d.day as day, s.*
        from renewal_spans as s
        join (select day, renewal_overdue_days from policy_days) as d on d.renewal_overdue_days = s.overdue_days
        where s.since <= d.day and d.day < s.before
    ) as t
    join (select day, grace_days, rates, segment_high_arr, segment_low_arr from policy_days) as p on p.day = t.day
    -- A contract whose amount or renewal has no exchange rate is left out, as is its account where it is in unvalued_days.
    where hasAll(mapKeys(p.rates), t.currencies)
) as r
join account_days as a on a.day = r.day and a.account_id = r.account_id
