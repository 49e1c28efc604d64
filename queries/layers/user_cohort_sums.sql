-- Users of all accounts by the week and month in which they were first active, and by the periods in which they were active again, as in user_cohorts.
--
-- Columns:
--   period key  week, month.
--   cohort key  First day of the period in which they were first active.
--   active key  The periods in which they were active, as bits.
--   users  fact Users.
--
-- Key: period, cohort, active

select c.1 as period, c.2 as cohort, c.3 as active, sum(c.4) as users
from (select arrayJoin(cohorts) as c from user_cohorts) as by_account
group by period, cohort, active
