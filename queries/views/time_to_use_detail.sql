-- The accounts behind time to use.
--
-- One row per account that ever paid. Where it left before its first real use, it was watched until it left; one that came
-- back is watched from its first day on as if it had never left.
--
-- Columns:
--   day               key   Day.
--   segment           label Touch model by what it paid on its first day.
--   account_id        key   Account.
--   reached_accounts  part  1 where there was a first real use.
--   censored_accounts part  1 where there was none as long as it was watched.
--   seconds           fact  From the first paid day to the first real use, else for how long it was watched.
--   first_paid_on     fact  First day on which it ever paid.
--   used_on           fact  Day of the first real use, also of one after it had left; null: none by the day.
--   decided_by        fact  Evidence for it: milestone or usage; empty: none.
--   left_on           fact  First day without ARR; null: still pays.

select
    day, segment, account_id,
    toUInt8(decided_by != '' and used <= watched_until) as reached_accounts,
    toUInt8(1 - reached_accounts) as censored_accounts,
    86400 * dateDiff('day', first_paid_on, if(reached_accounts, used, watched_until)) as seconds,
    first_paid_on,
    if(decided_by = '', null, toNullable(used)) as used_on,
    decided_by,
    nullIf(u.left_on, toDate('2149-06-06')) as left_on
from (
    select
        o.day as day, o.segment as segment, o.account_id as account_id, o.first_paid_on as first_paid_on, a.left_on as left_on,
        least(a.left_on, o.day) as watched_until,
        arrayLast(x -> x.1 <= o.day, f.reached).2 as reached_on,
        arrayFirst(x -> x.2 >= if(o.segment = 'high', p.high_users, if(o.segment = 'low', p.low_users, p.tech_users)), f.peaks).1 as active_on,
        multiIf(reached_on > toDate(0) and reached_on <= o.day, 'milestone', active_on > toDate(0) and active_on <= o.day, 'usage', '') as decided_by,
        -- What was used before anything was paid was used at once.
        greatest(if(decided_by = 'milestone', reached_on, active_on), o.first_paid_on) as used
    from onboarding_days as o
    join account_days as a on a.day = o.day and a.account_id = o.account_id
    join (
        select day, first_use_users['high'] as high_users, first_use_users['low'] as low_users, first_use_users['tech'] as tech_users from policy_days
    ) as p on p.day = o.day
    join first_uses as f on f.account_id = o.account_id
) as u
