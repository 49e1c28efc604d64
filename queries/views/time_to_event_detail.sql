-- The accounts behind the times to events.
--
-- One row per event and account that ever paid. An account is watched until the day, or until it left, where that was before the event; one that
-- came back is watched from its first day on as if it had never left. Only for churn it is otherwise: the event is the first time
-- that it left, whether it came back later or not.
--
-- Columns:
--   day               key   Day.
--   event             label churn, time_to_use, value_point_1, onboarded.
--   segment           label Touch model by what it paid on its first day.
--   account_id        key   Account.
--   event_accounts    part  1 where the event happened.
--   censored_accounts part  1 where it had not happened as long as the account was watched.
--   seconds           fact  From the first paid day to the event, else for how long it was watched.
--   first_paid_on     fact  First day on which it ever paid.
--   left_on           fact  First day without ARR; null: it pays, also where it left and came back.

select
    day, e.1 as event, segment, account_id,
    toUInt8(e.2 <= e.3) as event_accounts,
    toUInt8(1 - event_accounts) as censored_accounts,
    -- What was reached before anything was paid was reached at once.
    86400 * toInt64(greatest(dateDiff('day', first_paid_on, least(e.2, e.3)), 0)) as seconds,
    first_paid_on, left_on
from (
    select
        u.day as day, u.segment as segment, u.account_id as account_id, u.first_paid_on as first_paid_on, u.left_on as left_on,
        toDate('2149-06-06') as never,
        least(ifNull(u.left_on, never), u.day) as watched_until,
        u.first_paid_on + toUInt32(u.seconds / 86400) as used_until,
        [
            ('churn', s.before, u.day),
            ('time_to_use', if(u.reached_accounts, used_until, never), used_until),
            ('value_point_1', if(mapContains(m.milestones, 'value_point_1'), m.milestones['value_point_1'].3, never), watched_until),
            ('onboarded', o.onboarded_on, watched_until)
        ] as events
    from time_to_use_detail as u
    join onboarding_days as o on o.day = u.day and o.account_id = u.account_id
    join (select day, grace_days from policy_days) as p on p.day = u.day
    join (select account_id, grace_days, before from paying_spans where since = first_paid_on) as s on s.account_id = u.account_id and s.grace_days = p.grace_days
    asof left join milestone_spans as m on m.account_id = u.account_id and m.since <= u.day
) as x
array join events as e
