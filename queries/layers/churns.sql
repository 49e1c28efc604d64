-- Every time that an account's ARR reaches zero: the first day on which nothing is paid, what was paid before, and why.
--
-- There are rows for each length that the grace period ever had: those of policy_days.grace_days hold on a day.
--
-- Columns:
--   account_id key  Account.
--   grace_days key  Length of the grace period.
--   churned_on key  First day without ARR.
--   amounts    fact Annual values by currency of the contracts that counted on the day before, Array(Tuple(currency, amount)).
--   reasons    fact Of each currency, the largest contract that ended on the day and names a reason, else the largest, Array(Tuple(reason, currency, acv, contract_id)).
--   contracts  fact Contracts that ended on the day, Array(String).
--
-- Key: account_id, grace_days, churned_on

with
toDate('2149-06-06') as never

select
    account_id, grace_days, churned_on,
    arrayMap(c -> (c, arraySum(arrayMap(t -> t.3, arrayFilter(t -> t.4 = c and t.1 < churned_on and t.2 >= churned_on, terms)))),
        arrayDistinct(arrayMap(t -> t.4, arrayFilter(t -> t.1 < churned_on and t.2 >= churned_on, terms)))) as amounts,
    arrayMap(c -> arrayReverseSort(t -> (t.1 != '', t.3, t.4), arrayFilter(t -> t.2 = c, ended))[1], arrayDistinct(arrayMap(t -> t.2, ended))) as reasons,
    arraySort(arrayMap(t -> t.4, ended)) as contracts
from (
    select
        account_id, grace_days, terms, churned_on,
        arrayMap(t -> (t.5, t.4, t.3, t.6), arrayFilter(t -> t.2 = churned_on, terms)) as ended
    from (
        select
            account_id, grace_days,
            groupArray((
                counts_from, greatest(t.counts_before, least(resumes_on, notice_on, t.counts_before + grace_days)), toDecimal128(t.acv, 4), toString(t.currency),
                trimBoth(toString(cancel_reason)), contract_id)) as terms
        from contract_terms as t
        cross join (
            select arrayJoin(arrayDistinct(arrayPushFront(groupArray(toUInt16OrZero(s.value)), toUInt16(cs_setting_defaults()['grace_days/'])))) as grace_days
            from stored_settings as s final
            where s.name = 'grace_days'
        ) as g
        where t.acv > 0 and counts_from < t.counts_before and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        group by account_id, grace_days
    ) as a
    array join arrayFilter(d -> d < never and not arrayExists(t -> t.1 <= d and t.2 > d, terms), arrayDistinct(arrayMap(t -> t.2, terms))) as churned_on
) as churned
