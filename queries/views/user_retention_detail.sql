-- The accounts and cohorts behind the retention of users.
--
-- One row per account, period of the first use and age. Summed over the accounts, it is the table of cohorts.
--
-- Columns:
--   day             key   Day.
--   period          label Length of the periods: week, month.
--   age             label Periods since the one of the first use.
--   cohort          key   First day of the period of the first use.
--   account_id      key   Account.
--   users           part  Users who were first active then.
--   classic_users   part  Those of them who were active in exactly the period of that age.
--   unbounded_users part  Those of them who were active in it or in a later one that is over.
--   starts_on       fact  First day of the period of that age.

select
    day, period, toString(n) as age, cohort, account_id,
    sum(x.users) as users, sumIf(x.users, bitTest(active, n)) as classic_users, sumIf(x.users, bitShiftRight(active, n) > 0) as unbounded_users,
    if(period = 'week', cohort + 7 * n, addMonths(cohort, n)) as starts_on
from (
    select p.day as day, p.period as period, c.of.2 as cohort, c.account_id as account_id, c.of.4 as users,
        toUInt8(if(p.period = 'week', intDiv(p.starts_on - cohort, 7), dateDiff('month', cohort, p.starts_on))) as oldest,
        bitAnd(c.of.3, toUInt16(bitShiftLeft(toUInt32(1), oldest + 1) - 1)) as active
    from last_periods as p
    join (select account_id, arrayJoin(cohorts) as of from user_cohorts) as c on c.of.1 = p.period
    where cohort between if(p.period = 'week', p.starts_on - 84, addMonths(p.starts_on, -12)) and p.starts_on
) as x
array join range(oldest + 1) as n
group by day, period, n, cohort, account_id
