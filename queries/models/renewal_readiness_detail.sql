-- The accounts behind renewal readiness.
--
-- Columns:
--   segment        label Touch model of the account at as_of.
--   account_id     key   Account.
--   ready_accounts part  1 where it was touched and its value reviewed.
--   due_accounts   part  1.
--   due_on         fact  First of its contracts' due days.
--   touched_on     fact  Last qualifying touch within 60 days, in the reporting time zone; 1970-01-01: none.
--   reviewed_on    fact  Last value review within 365 days; 1970-01-01: none.

select
    segment, d.account_id as account_id,
    toUInt8(touched_on > toDate(0) and reviewed_on > toDate(0)) as ready_accounts,
    toUInt8(1) as due_accounts,
    d.due_on as due_on,
    t.last_touch as touched_on,
    r.last_review as reviewed_on
from (
    select account_id, any(segment) as segment, min(due_on) as due_on
    from cs.renewals_ahead(as_of = {as_of:Date})
    where due != 'overdue'
    group by account_id
) as d
left join (
    -- Two-way and held; tech touch also counts what goes out to many.
    select account_id, segment_of, max(day) as last_touch
    from (
        -- A scalar subquery is Nullable, and no touch is the day 0 here, not null.
        select account_id, assumeNotNull(toDate(happened_at, (select timezone from cs.policy(as_of = {as_of:Date})))) as day,
            if(kind in ('email', 'webinar'), ['tech'], ['high', 'low', 'tech']) as segments
        from cs.touchpoints final
        where happened_at > toDateTime64({as_of:Date} - 62, 3, 'UTC')
    )
    array join segments as segment_of
    where day > {as_of:Date} - 60 and day <= {as_of:Date}
    group by account_id, segment_of
) as t on t.account_id = d.account_id and t.segment_of = d.segment
left join (
    select account_id, max(v.reviewed_on) as last_review
    from cs.value_reviews as v final
    where v.reviewed_on > {as_of:Date} - 365 and v.reviewed_on <= {as_of:Date}
    group by account_id
) as r on r.account_id = d.account_id
