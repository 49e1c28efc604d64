-- Users of each account by whether they were active in the last week and month that were over at the end of each day, and in those before.
--
-- Who was active in the period is new, returning or resurrected; who was active in the one before and not in it is dormant. An account has a period if
-- any of its users was active in it or in the one before.
--
-- Columns:
--   day        key  Day.
--   account_id key  Account.
--   states     fact Users by period, Array(Tuple(period String, new UInt32, returning UInt32, resurrected UInt32, dormant UInt32)).
--
-- Key: day, account_id

with
-- Many days have the same last period.
periods as (
    select period, starts_on, groupArray(day) as days, if(period = 'week', starts_on - 7, addMonths(starts_on, -1)) as before
    from last_periods
    where day in {days:Array(Date)}
    group by period, starts_on
)

select
    arrayJoin(days) as day, account_id,
    cast(arraySort(groupArray((period, s.1, s.2, s.3, s.4))), 'Array(Tuple(period String, new UInt32, returning UInt32, resurrected UInt32, dormant UInt32))') as states
from (
    select
        account_id, p.period as period, p.starts_on as starts_on, any(p.days) as days,
        (countIf(is_active and begun_on = p.starts_on), countIf(is_active and was_active), countIf(is_active and begun_on < p.starts_on and not was_active), countIf(was_active and not is_active)) as s
    from (
        select account_id, x.1 as period, x.2 as active_in, active_in[1] as begun_on
        from (
            select account_id, weeks_of, months_of
            from user_histories as u
            array join u.weeks as weeks_of, u.months as months_of
            where (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}) and notEmpty(weeks_of)
        ) as users
        array join [('week', weeks_of), ('month', months_of)] as x
    ) as u
    join periods as p on p.period = u.period
    where (has(active_in, p.starts_on) as is_active) or (has(active_in, p.before) as was_active)
    group by account_id, period, starts_on
) as counted
group by day, account_id
