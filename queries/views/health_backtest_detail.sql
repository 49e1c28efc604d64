-- Accounts that had a health score 90 and 180 days before the day, and what became of them.
--
-- The score is computed from what was dated by that day; nothing later plays into it. Both ends are valued at the rate of
-- the day's fiscal year.
--
-- Columns:
--   day           key   Day.
--   horizon       label Days before the day: 90d, 180d.
--   band          label Health band then.
--   account_id    key   Account.
--   accounts      part  1.
--   lost_accounts part  1 where it pays less on the day than it did then, or nothing.
--   score         fact  Health score then.
--   opening_arr   fact  ARR then.
--   closing_arr   fact  ARR on the day.
--   outcome       fact  churned, downsold, kept.
--   csm           fact  Owner then.
--
-- Back: health_days 90, 180; account_days 0, 90, 180

with
-- What each account paid then, in the policy and at the rates of the day.
openings as (
    select
        c.day as day, c.horizon as horizon, c.account_id as account_id, sum(c.amount * r.rate) as arr
    from (
        select p.day as day, p.horizon as horizon, t.account_id as account_id, t.currency as currency, sum(toDecimal128(t.acv, 4)) as amount
        from contract_terms as t
        cross join (
            select day, h.1 as horizon, day - h.2 as scored_on, grace_days
            from policy_days
            array join [('90d', 90), ('180d', 180)] as h
        ) as p
        where t.acv > 0 and t.counts_from < t.counts_before
            and t.counts_from <= p.scored_on and p.scored_on < greatest(t.counts_before, least(t.resumes_on, t.notice_on, t.counts_before + p.grace_days))
        group by day, horizon, account_id, currency
    ) as c
    join (select day, code, rate from policy_days array join mapKeys(rates) as code, mapValues(rates) as rate) as r on r.day = c.day and r.code = c.currency
    group by day, horizon, account_id
),

scored as (
    select day + 90 as day, '90d' as horizon, account_id, band, assumeNotNull(h.score) as score from health_days as h where h.score is not null
    union all
    select day + 180 as day, '180d' as horizon, account_id, band, assumeNotNull(h.score) as score from health_days as h where h.score is not null
),

owners as (
    select day + 90 as day, '90d' as horizon, account_id, csm from account_days
    union all
    select day + 180 as day, '180d' as horizon, account_id, csm from account_days
)

select
    h.day as day, h.horizon as horizon, h.band as band, h.account_id as account_id, toUInt8(1) as accounts, toUInt8(closing_arr < opening_arr) as lost_accounts,
    h.score as score, o.arr as opening_arr, a.arr as closing_arr,
    multiIf(closing_arr = 0, 'churned', closing_arr < opening_arr, 'downsold', 'kept') as outcome,
    w.csm as csm
from scored as h
join openings as o on o.day = h.day and o.horizon = h.horizon and o.account_id = h.account_id
join account_days as a on a.day = h.day and a.account_id = h.account_id
join owners as w on w.day = h.day and w.horizon = h.horizon and w.account_id = h.account_id
