-- The fifty features that most accounts used in the 28 days up to each day; of as many accounts, those of more users.
--
-- Columns:
--   day               key  Day.
--   feature           key  Name of the event.
--   accounts          fact Paying accounts that used it.
--   users             fact Users who used it.
--   eligible_accounts fact Paying accounts.
--   eligible_users    fact Users of paying accounts with any event in 28 days.
--
-- Key: day, feature

select f.day as day, f.feature as feature, f.accounts as accounts, f.users as users, a.eligible_accounts as eligible_accounts, a.eligible_users as eligible_users
from (
    select day, feature, accounts, users
    from (
        select day, feature, count() as accounts, sum(toUInt64(number)) as users
        from feature_days as x
        array join x.features as feature, x.users as number
        where day in {days:Array(Date)}
        group by day, feature
    ) as used
    order by accounts desc, users desc, feature
    limit 50 by day
) as f
left join (
    select s.day as day, count() as eligible_accounts, sum(u.users) as eligible_users
    from account_days as s
    left join usage_days as u on u.day = s.day and u.account_id = s.account_id
    where s.day in {days:Array(Date)} and s.is_paying
    group by day
) as a on a.day = f.day
