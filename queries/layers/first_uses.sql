-- When each account that ever paid first used the product, by how many active users that takes, and when its milestone says so.
--
-- What was used before anything was paid does not count. How many users make a real use is a setting of the day and the
-- segment, so what is kept are the days on which an account had more active users than on any day before.
--
-- Columns:
--   account_id key  Account.
--   peaks      fact Days, in order, on which more users were active than on any day before, with how many, Array(Tuple(on Date, users UInt64)).
--   reached    fact Day on which the milestone time_to_use was reached (2149-06-06: not), by the day from which on that was known, in order, Array(Tuple(since Date, reached_on Date)).
--
-- Key: account_id

select
    a.account_id as account_id,
    cast(d.days, 'Array(Tuple(on Date, users UInt64))') as peaks,
    cast(m.states, 'Array(Tuple(since Date, reached_on Date))') as reached
from (
    select account_id, min(counts_from) as first_paid_on
    from contract_terms
    where acv > 0 and counts_from < counts_before and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    group by account_id
) as a
left join (
    -- The first day with each number of users, where that is before the first one with any higher number.
    select account_id, arraySort(groupArray((first_on, users))) as days
    from (
        select account_id, users, first_on,
            min(x.first_on) over (partition by account_id order by users desc rows between unbounded preceding and 1 preceding) as higher_on
        from (
            select u.account_id as account_id, u.active_users as users, min(u.day) as first_on
            from (
                select account_id, day, active_users from stored_usage_account_days final
                where active_users > 0 and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
            ) as u
            join (
                select account_id, min(counts_from) as first_paid_on
                from contract_terms
                where acv > 0 and counts_from < counts_before and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
                group by account_id
            ) as p on p.account_id = u.account_id
            where u.day >= p.first_paid_on
            group by account_id, users
        ) as x
    ) as y
    where first_on < higher_on or higher_on = toDate(0)
    group by account_id
) as d on d.account_id = a.account_id
left join (
    select account_id, arraySort(groupArray((since, s.milestones['time_to_use'].3))) as states
    from milestone_spans as s
    where mapContains(s.milestones, 'time_to_use') and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    group by account_id
) as m on m.account_id = a.account_id
