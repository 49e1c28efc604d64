-- The accounts behind renewal readiness.
--
-- Columns:
--   day            key   Day.
--   segment        label Touch model of the account at the day.
--   account_id     key   Account.
--   ready_accounts part  1 where it was touched and its value reviewed.
--   due_accounts   part  1.
--   due_on         fact  First of its contracts' due days.
--   touched_on     fact  Last qualifying touch within 60 days, in the reporting time zone; 1970-01-01: none.
--   reviewed_on    fact  Last value review within 365 days; 1970-01-01: none.

select
    d.day as day, d.segment as segment, d.account_id as account_id,
    toUInt8(touched_on > toDate(0) and reviewed_on > toDate(0)) as ready_accounts,
    toUInt8(1) as due_accounts,
    d.due_on as due_on,
    -- Two-way and held; tech touch also counts what goes out to many.
    if(if(d.segment = 'tech', t.contacted_on, t.held_on) as last_touch > d.day - 60, last_touch, toDate(0)) as touched_on,
    if(r.since > d.day - 365, r.since, toDate(0)) as reviewed_on
from (
    select day, account_id, any(segment) as segment, min(due_on) as due_on
    from renewals_ahead
    where due != 'overdue'
    group by day, account_id
) as d
left join touch_days as t on t.day = d.day and t.account_id = d.account_id
asof left join (select account_id, reviewed_on as since from stored_value_reviews final) as r on r.account_id = d.account_id and r.since <= d.day
