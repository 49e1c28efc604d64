-- The accounts behind time to use.
--
-- One row per account that ever paid. Where it left before its first real use, it was watched until it left; one that came
-- back is watched from its first day on as if it had never left.
--
-- Columns:
--   segment           label Touch model by what it paid on its first day.
--   account_id        key   Account.
--   reached_accounts  part  1 where there was a first real use.
--   censored_accounts part  1 where there was none as long as it was watched.
--   seconds           fact  From the first paid day to the first real use, else for how long it was watched.
--   first_paid_on     fact  First day on which it ever paid.
--   used_on           fact  Day of the first real use, also of one after it had left; null: none by as_of.
--   decided_by        fact  What tells of it: milestone or usage; empty: there is none.
--   left_on           fact  First day without ARR; null: still pays.

select
    segment, account_id,
    toUInt8(decided_by != '' and used <= watched_until) as reached_accounts,
    toUInt8(1 - reached_accounts) as censored_accounts,
    86400 * dateDiff('day', first_paid_on, if(reached_accounts, used, watched_until)) as seconds,
    first_paid_on,
    if(decided_by = '', null, toNullable(used)) as used_on,
    decided_by,
    nullIf(u.left_on, toDate('2149-06-06')) as left_on
from (
    select
        o.segment as segment, o.account_id as account_id, o.first_paid_on as first_paid_on, o.left_on as left_on,
        least(o.left_on, {as_of:Date}) as watched_until,
        multiIf(m.milestone != '', 'milestone', o.active_on > toDate(0), 'usage', '') as decided_by,
        -- What was used before anything was paid was used at once.
        greatest(if(m.milestone != '', m.reached_on, o.active_on), o.first_paid_on) as used
    from (
        -- The accounts are few and the days many, so the days are streamed past the accounts.
        select
            b.account_id as account_id, any(b.segment) as segment, any(b.first_paid_on) as first_paid_on, any(b.left_on) as left_on,
            minIf(d.day, d.day >= b.first_paid_on and d.active_users >= b.enough) as active_on
        from (select account_id, day, active_users from cs.usage_account_days final where day <= {as_of:Date} and active_users > 0) as d
        right join (
            select account_id, segment, first_paid_on, left_on, first_use_users[segment] as enough
            from cs.account_onboarding(as_of = {as_of:Date})
            cross join (select first_use_users from cs.policy(as_of = {as_of:Date})) as policy
        ) as b on b.account_id = d.account_id
        group by b.account_id
    ) as o
    left join (
        select account_id, milestone, s.reached_on as reached_on
        from cs.milestone_states(as_of = {as_of:Date}) as s
        where milestone = 'time_to_use' and s.reached_on <= {as_of:Date}
    ) as m on m.account_id = o.account_id
) as u
