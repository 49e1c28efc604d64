-- Which accounts those days touch, and from which day on: layers that read usage are computed again for them.

insert into stored_fact_changes (batch, table, account_id, first_on, last_on, rows, step)
select {batch:UInt64} as batch, t.1 as table, if(t.2, a.account_id, '') as account_id, min(a.first_on) as first_on, max(a.last_on) as last_on, sum(a.rows) as rows, 2 as step
from (
    select account_id, min(day) as first_on, max(day) as last_on, count() as rows
    from stored_usage_account_days
    where day in {days:Array(Date)} and version = {version:UInt64}
    group by account_id
) as a
array join [('usage_user_days', true), ('usage_account_days', true), ('usage_accounts', true), ('usage_totals', false), ('usage_conflicts', false), ('usage_ahead', false)] as t
group by table, account_id
