-- When each account pays in any currency, by spans of days.
--
-- An account pays on the days since <= day < before. There are spans for each length of the grace period that the setting grace_days
-- ever had, as in arr_spans.
--
-- Columns:
--   account_id    key  Account.
--   grace_days    key  Length of the grace period.
--   since         key  First day.
--   before        fact First day on which it no longer pays; 2149-06-06: open.
--   first_paid_on fact First day on which it ever paid.
--
-- Key: account_id, grace_days, since

select
    account_id, grace_days, since,
    leadInFrame(paid_before, 1, last_before) over (partition by account_id, grace_days order by since rows between unbounded preceding and unbounded following) as before,
    first_paid_on
from (
    select
        account_id, grace_days, since, min(since) over account as first_paid_on, max(s.before) over account as last_before,
        max(s.before) over (partition by account_id, grace_days order by since, s.before rows between unbounded preceding and 1 preceding) as paid_before
    from arr_spans as s
    where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}
    window account as (partition by account_id, grace_days)
) as spans
where since > paid_before or paid_before = toDate(0)
