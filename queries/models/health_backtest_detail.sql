-- Accounts that had a health score 90 and 180 days before as_of, and what became of them.
--
-- The score is computed from what was dated by that day; nothing later plays into it. Both ends are valued at the rate of
-- as_of's fiscal year.
--
-- Columns:
--   horizon       label Days before as_of: 90d, 180d.
--   band          label Health band then.
--   account_id    key   Account.
--   accounts      part  1.
--   lost_accounts part  1 where it pays less at as_of than it did then, or nothing.
--   score         fact  Health score then.
--   opening_arr   fact  ARR then.
--   closing_arr   fact  ARR at as_of.
--   outcome       fact  churned, downsold, kept.
--   csm           fact  Owner then.
--
-- Keep: 20s

select
    h.horizon as horizon, h.band as band, h.account_id as account_id, toUInt8(1) as accounts, toUInt8(closing_arr < opening_arr) as lost_accounts,
    h.score as score,
    if(h.horizon = '90d', a.arr_90, a.arr_180) as opening_arr, a.arr_now as closing_arr,
    multiIf(closing_arr = 0, 'churned', closing_arr < opening_arr, 'downsold', 'kept') as outcome,
    h.csm as csm
from (
    select '90d' as horizon, x.band as band, x.account_id as account_id, assumeNotNull(x.score) as score, x.csm as csm
    from cs.account_health(as_of = {as_of:Date} - 90) as x
    where x.score is not null
    union all
    select '180d' as horizon, x.band as band, x.account_id as account_id, assumeNotNull(x.score) as score, x.csm as csm
    from cs.account_health(as_of = {as_of:Date} - 180) as x
    where x.score is not null
) as h
join (
    select
        account_id,
        sumIf(c.arr, c.starts_on <= {as_of:Date} - 90 and c.counts_before > {as_of:Date} - 90) as arr_90,
        sumIf(c.arr, c.starts_on <= {as_of:Date} - 180 and c.counts_before > {as_of:Date} - 180) as arr_180,
        sumIf(c.arr, c.is_active) as arr_now
    from cs.contract_arr(as_of = {as_of:Date}) as c
    group by account_id
) as a on a.account_id = h.account_id
where opening_arr > 0
