-- The accounts behind the times to onboard and to value.
--
-- One row per milestone and account that began to pay in the last twelve months, the running one included.
--
-- Columns:
--   day              key   Day.
--   cohort           label Month of the first paid day, as 2024-03.
--   milestone        label onboarded, value_point_1, time_to_use.
--   account_id       key   Account.
--   reached_accounts part  1 where it got there.
--   open_accounts    part  1 where it pays and did not get there yet.
--   left_accounts    part  1 where it left before it got there.
--   segment          fact  Touch model by what it paid on its first day.
--   seconds          fact  From the first paid day to the milestone, else for how long it was watched.
--   first_paid_on    fact  First day on which it ever paid.

select
    day, formatDateTime(d.first_paid_on, '%Y-%m') as cohort, d.event as milestone, d.account_id as account_id,
    d.event_accounts as reached_accounts,
    toUInt8(d.censored_accounts and d.left_on is null) as open_accounts,
    toUInt8(d.censored_accounts and d.left_on is not null) as left_accounts,
    d.segment as segment, d.seconds as seconds, d.first_paid_on as first_paid_on
from time_to_event_detail as d
where d.event in ('onboarded', 'value_point_1', 'time_to_use') and toStartOfMonth(d.first_paid_on) > addMonths(toStartOfMonth(day), -12)
