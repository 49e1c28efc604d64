-- The green accounts with room to grow.
--
-- One row per green account and signal.
--
-- Columns:
--   segment            label Touch model at as_of.
--   signal             label seats_nearly_full, usage_rising, new_department_active, raised_by_csm, no_open_opportunity.
--   account_id         key   Account.
--   accounts           part  1.
--   arr                part  ARR.
--   csm                fact  Owner at as_of.
--   seat_ratio         fact  Users of 28 days over contracted seats.
--   daily_users        fact  Sum over the last 28 days of the users active on each.
--   previous_users     fact  The same over the 28 days before.
--   new_departments    fact  Departments that use it and have no contract.
--   open_opportunities fact  Open opportunities to expand.

select
    segment, signal, account_id, toUInt8(1) as accounts, arr, csm, seat_ratio, daily_users, previous_users, new_departments, open_opportunities
from (
    select
        segment, account_id, arr, csm, users / nullIf(seats, 0) as seat_ratio, user_days as daily_users, previous_user_days as previous_users, new_departments, open_opportunities,
        arrayJoin(arrayFilter((name, holds) -> holds,
            ['seats_nearly_full', 'usage_rising', 'new_department_active', 'raised_by_csm', 'no_open_opportunity'],
            [seats > 0 and users * 10 >= seats * 9, previous_user_days > 0 and user_days * 5 >= previous_user_days * 6, not empty(new_departments), was_raised, open_opportunities = 0])) as signal
    from (
        select
            h.account_id as account_id, h.segment as segment, h.arr as arr, h.csm as csm, s.seats as seats,
            u.users as users, u.user_days as user_days, b.user_days as previous_user_days,
            -- Only where contracts name departments can another one be new.
            if(s.departments in ([], ['']), [], arrayFilter(d -> not has(s.departments, d), u.departments)) as new_departments,
            o.opportunities as open_opportunities, t.account_id != '' as was_raised
        from cs.account_health(as_of = {as_of:Date}) as h
        join cs.account_states(as_of = {as_of:Date}) as s on s.account_id = h.account_id
        left join cs.account_usage(as_of = {as_of:Date}) as u on u.account_id = h.account_id
        left join cs.account_usage(as_of = {as_of:Date} - 28) as b on b.account_id = h.account_id
        left join (
            select account_id, count() as opportunities
            from cs.opportunity_states(as_of = {as_of:Date})
            where kind in ('upsell', 'cross_sell', 'extension', 'expand') and decided_on > {as_of:Date}
            group by account_id
        ) as o on o.account_id = h.account_id
        left join (
            select account_id
            from cs.touchpoints final
            where sentiment = 'opportunity' and toDate(happened_at, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) between {as_of:Date} - 89 and {as_of:Date}
            group by account_id
        ) as t on t.account_id = h.account_id
        where h.band = 'green'
    ) as joined
) as signalled
