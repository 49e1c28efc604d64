-- What each account pays in each currency, by spans of days.
--
-- The amount holds on the days since <= day < before; where an account has no span, it pays nothing. A grace period can put
-- off an end, so there are spans for each length of it that the setting grace_days ever had: those of policy_days.grace_days
-- hold on a day.
--
-- Columns:
--   account_id key  Account.
--   grace_days key  Length of the grace period.
--   currency   key  ISO 4217; empty: the reporting currency.
--   since      key  First day.
--   before     fact First day on which it is no longer so; 2149-06-06: open.
--   amount     fact Annual value of the contracts that count, in the currency.
--
-- Key: account_id, grace_days, currency, since

with
toDate('2149-06-06') as never,

changes as (
    select account_id, grace_days, currency, change.1 as since, sum(change.2) as delta
    from (
        select
            t.account_id as account_id, g.grace_days as grace_days, toString(t.currency) as currency, t.counts_from as counts_from, toDecimal128(t.acv, 4) as acv,
            greatest(t.counts_before, least(t.resumes_on, t.notice_on, t.counts_before + g.grace_days)) as counts_before
        from contract_terms as t
        cross join (
            select arrayJoin(arrayDistinct(arrayPushFront(groupArray(toUInt16OrZero(s.value)), toUInt16(cs_setting_defaults()['grace_days/'])))) as grace_days
            from stored_settings as s final
            where s.name = 'grace_days'
        ) as g
        where t.acv > 0 and t.counts_from < t.counts_before and (empty({accounts:Array(String)}) or t.account_id in {accounts:Array(String)})
    ) as counted
    array join [(counts_from, acv), (counts_before, -acv)] as change
    where since < never
    group by account_id, grace_days, currency, since
)

select account_id, grace_days, currency, since, before, amount
from (
    select
        account_id, grace_days, currency, since,
        leadInFrame(since, 1, never) over (partition by account_id, grace_days, currency order by since rows between unbounded preceding and unbounded following) as before,
        sum(c.delta) over (partition by account_id, grace_days, currency order by since) as amount
    from changes as c
    where c.delta != 0
) as spans
where amount > 0
