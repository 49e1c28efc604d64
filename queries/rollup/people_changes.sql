-- Which accounts those users answered surveys of or reacted at, and since when: layers that read it are computed again for them.

insert into stored_fact_changes (batch, table, account_id, first_on, last_on, rows, step)
select {batch:UInt64} as batch, 'usage_people' as table, account_id, min(on) - 1 as first_on, max(on) + 1 as last_on, count() as rows, 2 as step
from (
    select account_id, user_id, toDate(responded_at) as on from stored_surveys
    union all
    select account_id, contact as user_id, toDate(happened_at) as on from stored_engagements
) as reactions
where {changed}
group by account_id
