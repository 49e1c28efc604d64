-- Kaplan-Meier curves of all events, for all accounts and by segment, year and month of the first paid day.
--
-- A row for each time at which anything happened; the definition stands in layers/survival_days.sql.
--
-- Columns:
--   day       key   Day.
--   event     label churn, time_to_use, value_point_1, onboarded.
--   breakdown label By what accounts are grouped: all, segment, year and month of the first paid day (the last twelve months).
--   member    label Group: empty for all; high; 2024; 2024-03.
--   seconds   key   Time since the first paid day.
--   at_risk   fact  Accounts of which it had neither happened nor been censored before.
--   events    fact  Accounts of which it happened then.
--   censored  fact  Accounts that were watched no longer.
--   survival  fact  Estimated share of accounts of which it has not happened after that time, to 12 digits.
--   lower     fact  Lower 95 % bound of the share; null: undefined.
--   upper     fact  Upper 95 % bound of the share; null: undefined.

select day, event, breakdown, member, c.1 as seconds, c.2 as at_risk, c.3 as events, c.4 as censored, c.5 as survival, c.6 as lower, c.7 as upper
from survival_days
array join curve as c
