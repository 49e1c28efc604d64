-- Users of each account by the week and month in which they were first active, and by the periods after it in which they were active again.
--
-- The periods in which they were active are bits: bit n is the nth period after the first one, which is bit 0; up to 12.
--
-- Columns:
--   account_id key  Account.
--   cohorts    fact Users by the period of their first use and those of the later ones, in order, Array(Tuple(period String, cohort Date, active UInt16, users UInt32)).
--
-- Key: account_id

select account_id, cast(arraySort(groupArray((period, cohort, active, users))), 'Array(Tuple(period String, cohort Date, active UInt16, users UInt32))') as cohorts
from (
    select account_id, period, starts_on[1] as cohort, toUInt16(arraySum(arrayMap(n -> bitShiftLeft(toUInt16(1), n), ages))) as active, count() as users
    from (
        select
            account_id, x.1 as period, x.2 as starts_on,
            arrayFilter(n -> n <= 12, if(period = 'week', arrayMap(s -> toUInt16(intDiv(s - starts_on[1], 7)), starts_on), arrayMap(s -> toUInt16(dateDiff('month', starts_on[1], s)), starts_on))) as ages
        from (
            select account_id, weeks_of, months_of
            from user_histories as u
            array join u.weeks as weeks_of, u.months as months_of
            where (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}) and notEmpty(weeks_of)
        ) as users
        array join [('week', weeks_of), ('month', months_of)] as x
    ) as u
    group by account_id, period, cohort, active
) as by_cohort
group by account_id
