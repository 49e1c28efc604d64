-- Users of each account by whether they were active in the last week and month that were over at the end of each day, and in those before.
--
-- Who was active in the period is new, returning or resurrected; who was active in the one before and not in it is dormant. An account is here if any of
-- its users was active in one of these four periods.
--
-- Columns:
--   day        key  Day.
--   account_id key  Account.
--   week       fact Users who were new, returning, resurrected and dormant in the week, in this order, Array(UInt32).
--   month      fact The same of the month, Array(UInt32).
--
-- Key: day, account_id

with
-- Many days have the same last period.
periods as (
    select period, starts_on, if(period = 'week', starts_on - 7, addMonths(starts_on, -1)) as before
    from last_periods
    where day in {days:Array(Date)}
    group by period, starts_on
),
(
    select groupArray((day, week, month))
    from (select day, anyIf(starts_on, period = 'week') as week, anyIf(starts_on, period = 'month') as month from last_periods where day in {days:Array(Date)} group by day) as l
) as stand

select
    d.1 as day, account_id,
    arrayResize(arrayFirst(c -> c.1 = 'week' and c.2 = d.2, counts).3, 4) as week, arrayResize(arrayFirst(c -> c.1 = 'month' and c.2 = d.3, counts).3, 4) as month
from (
    select account_id, groupArray((period, starts_on, states)) as counts
    from (
        select
            account_id, p.period as period, p.starts_on as starts_on,
            arrayMap(n -> toUInt32(n), [countIf(is_active and begun_on = p.starts_on), countIf(is_active and was_active), countIf(is_active and begun_on < p.starts_on and not was_active), countIf(was_active and not is_active)]) as states
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
    group by account_id
) as by_account
array join stand as d
where arraySum(week) + arraySum(month) > 0
