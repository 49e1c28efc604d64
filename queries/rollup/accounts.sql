-- When accounts were first seen, where those days change that. An account is looked up again among all its days only where
-- its first one is no more.

insert into stored_usage_accounts (account_id, first_on, version, is_gone)
select account_id, latest.1 as first_on, {version:UInt64} as version, latest.2 as is_gone
from (
    select
        account_id,
        (minIf(day, kind != 'stored'), toUInt8(countIf(kind != 'stored') = 0)) as latest,
        maxIf(day, kind = 'stored') as stored_on, countIf(kind = 'stored') as is_stored
    from (
        -- Those of these days.
        select account_id, min(d.day) as day, 'found' as kind
        from stored_usage_account_days as d final
        where d.day in {days:Array(Date)}
        group by account_id
        union all
        -- What is stored, and holds if no event of these days made it.
        select account_id, first_on as day, arrayJoin(if(first_on in {days:Array(Date)}, ['stored'], ['stored', 'kept'])) as kind
        from stored_usage_accounts final
        union all
        select account_id, min(d.day) as day, 'looked up' as kind
        from stored_usage_account_days as d final
        where account_id in (
            select account_id
            from stored_usage_accounts final
            where first_on in {days:Array(Date)}
                and (first_on, account_id) not in (select day, account_id from stored_usage_account_days final where day in {days:Array(Date)})
        )
        group by account_id
    ) as known
    group by account_id
) as firsts
where latest.2 or is_stored = 0 or latest.1 != stored_on
