-- The accounts behind the power user curve.
--
-- One row per account that pays and number of days on which any of its users was active.
--
-- Columns:
--   day         key   Day.
--   segment     label Touch model.
--   active_days label Number of days on which they were active in 28.
--   account_id  key   Account.
--   users       part  Users of the account active on exactly so many days.
--   csm         fact  Owner.

select day, segment, toString(number) as active_days, account_id, count() as users, any(x.csm) as csm
from (
    select s.day as day, s.segment as segment, s.account_id as account_id, s.csm as csm, arrayJoin(u.active_days) as number
    from account_days as s
    join use_counts as u on u.day = s.day and u.account_id = s.account_id
    where s.is_paying
) as x
group by day, segment, number, account_id
