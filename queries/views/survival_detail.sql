-- The accounts behind the survival curves.
--
-- One row per event, age and account that ever paid; the curve itself, also by cohort, is in survival_curve.
--
-- Columns:
--   day              key   Day.
--   event            label churn, time_to_use, value_point_1, onboarded.
--   segment          label Touch model by what it paid on its first day.
--   age_months       label Age in months: 1, 3, 6, 12, 24, 36.
--   account_id       key   Account.
--   accounts         part  1.
--   at_risk_accounts part  1 where it was watched at least that long without the event before.
--   event_accounts   part  1 where the event happened by that age.
--   seconds          fact  From the first paid day to the event, else for how long it was watched.
--   first_paid_on    fact  First day on which it ever paid.

select
    day, event, segment, toString(age.1) as age_months, account_id,
    toUInt8(1) as accounts,
    toUInt8(seconds >= 86400 * age.2) as at_risk_accounts,
    toUInt8(d.event_accounts and seconds <= 86400 * age.2) as event_accounts,
    seconds, first_paid_on
from (
    select *, arrayJoin([(1, 31), (3, 92), (6, 184), (12, 366), (24, 731), (36, 1096)]) as age
    from time_to_event_detail
) as d
