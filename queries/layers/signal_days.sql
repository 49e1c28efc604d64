-- What speaks for more business with each green account, and the figures that it is seen by.
--
-- Columns:
--   day                key  Day.
--   account_id         key  Account.
--   segment            fact Touch model.
--   csm                fact Owner.
--   arr                fact ARR.
--   signals            fact Of seats_nearly_full, usage_rising, quantity_rising, new_department_active, raised_by_csm, no_open_opportunity: those that hold, Array(String).
--   seat_ratio         fact Users of 28 days over contracted seats; null without seats.
--   daily_users        fact Sum over the last 28 days of the users active on each.
--   previous_users     fact The same over the 28 days before.
--   new_departments    fact Departments that use it and have no contract, Array(String).
--   open_opportunities fact Open opportunities to expand.
--
-- Back: usage_days 0, 28, 29
-- Key: day, account_id

select
    h.day as day, h.account_id as account_id, s.segment as segment, s.csm as csm, s.arr as arr,
    arrayFilter((name, holds) -> holds,
        ['seats_nearly_full', 'usage_rising', 'quantity_rising', 'new_department_active', 'raised_by_csm', 'no_open_opportunity'],
        [s.seats > 0 and u.users * 10 >= s.seats * 9, previous_users > 0 and u.user_days * 5 >= previous_users * 6, h.quantity_ratio >= 1.2, notEmpty(new_departments), t.opportunities > 0, open_opportunities = 0]) as signals,
    u.users / nullIf(s.seats, 0) as seat_ratio, u.user_days as daily_users, b.user_days as previous_users,
    -- Only where contracts name departments can another one be new.
    if(s.departments in ([], ['']), [], arrayFilter(d -> not has(s.departments, d), u.departments)) as new_departments,
    o.opportunities as open_opportunities
from (
    select day, least(day, {whole:Date}) - 28 as before_that, account_id, ifNull(measured[10], 0) as quantity_ratio -- the measure quantity
    from health_days
    where day in {days:Array(Date)} and band = 'green' and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
) as h
join (
    select day, account_id, segment, csm, arr, seats, departments
    from account_days
    where day in {days:Array(Date)} and is_paying and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
) as s on s.day = h.day and s.account_id = h.account_id
left join (
    select day, account_id, users, user_days, departments
    from usage_days
    where day in {days:Array(Date)} and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
) as u on u.day = h.day and u.account_id = h.account_id
left join (
    select day, account_id, user_days
    from usage_days
    where day in (select arrayJoin(arrayMap(d -> least(d, {whole:Date}) - 28, {days:Array(Date)}))) and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
) as b on b.day = h.before_that and b.account_id = h.account_id
left join (
    select day, account_id, opportunities
    from touch_days
    where day in {days:Array(Date)} and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
) as t on t.day = h.day and t.account_id = h.account_id
left join (
    select d as day, account_id, count() as opportunities
    from opportunity_spans as x
    array join arrayFilter(d -> d >= x.since and d < x.before, {days:Array(Date)}) as d
    where kind in ('upsell', 'cross_sell', 'extension', 'expand') and decided_on = toDate('2149-06-06') and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    group by day, account_id
) as o on o.day = h.day and o.account_id = h.account_id
