-- The green accounts with room to grow.
--
-- One row per green account and signal.
--
-- Columns:
--   day                key   Day.
--   segment            label Touch model at the day.
--   signal             label seats_nearly_full, usage_rising, quantity_rising, new_department_active, raised_by_csm, no_open_opportunity.
--   account_id         key   Account.
--   accounts           part  1.
--   arr                part  ARR.
--   csm                fact  Owner at the day.
--   seat_ratio         fact  Users of 28 days over contracted seats.
--   daily_users        fact  Sum over the last 28 days of the users active on each.
--   previous_users     fact  The same over the 28 days before.
--   new_departments    fact  Departments that use it and have no contract.
--   open_opportunities fact  Open opportunities to expand.

select
    day, segment, signal, account_id, toUInt8(1) as accounts, arr, csm, seat_ratio, daily_users, previous_users, new_departments, open_opportunities
from signal_days
array join signals as signal
