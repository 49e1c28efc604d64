-- Policy in force on a day: defaults, and settings from their first day on.

-- By hand: nobody has set anything, so these are the defaults.
select
    currency, timezone, fiscal_year_start, segment_high_arr, segment_low_arr, grace_days, renewal_overdue_days, fiscal_year_starts_on, fiscal_year,
    coverage_days, onboarding_days, first_use_users, risk_accounts
from policy_days where day = '2024-03-31';

-- The fiscal year begins in April. From 1 July 2024 on high touch begins at 50,000 and ended contracts count for 15 days more.
insert into stored_settings (name, starts_on, value) values
    ('fiscal_year_start', '1970-01-01', '4'),
    ('segment_high_arr',  '2024-07-01', '50000'),
    ('grace_days',        '2024-07-01', '15');

-- By hand: 31 March is the last day of FY24, which began in April 2023; 1 April is the first of FY25.
select day, fiscal_year_starts_on, fiscal_year from policy_days where day in ('2024-03-31', '2024-04-01') order by day;

-- By hand: the old thresholds on 30 June, the new ones from 1 July on.
select day, segment_high_arr, grace_days from policy_days where day in ('2024-06-30', '2024-07-01') order by day;

-- Acme pays 60,000 all the time. By hand: it is low touch in June and high touch in July, and nobody's past has changed.
insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('acme', 'acme', 60000, '2023-01-01');
select day, segment, amount from arr where day in ('2024-06-30', '2024-07-01') and amount > 0 order by day;

-- By hand: in July one policy, that of the day we ask about, holds for both ends of the window. Acme was high touch by today's
-- rule a month ago as well, so it has not migrated.
select segment, opening_arr, closing_arr from nrr where day = '2024-07-31' and window = '3m' and accounts > 0;
select sum(accounts) as migrated from segment_migrations where day = '2024-07-31';

-- A correction of the same day: the last change wins, whichever row comes first.
insert into stored_settings (name, starts_on, value, updated_at) values ('grace_days', '2024-07-01', '20', '2100-01-01 00:00:00');
insert into stored_settings (name, starts_on, value, updated_at) values ('grace_days', '2024-07-01', '99', '2001-01-01 00:00:00');
select grace_days from policy_days where day = '2024-12-31';
