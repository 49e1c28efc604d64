-- Is onboarding done by its deadline? By the deadlines that fell between 1 July 2023 and 30 June 2024.

-- All low touch but Acme, who began as high touch and pays less now: by what was paid on the first day, high.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme1', 'acme',  'core', 120000, '2023-09-01', '2024-03-01'),
    ('acme2', 'acme',  'core', 20000,  '2024-03-01', null),
    ('birch', 'birch', 'core', 20000,  '2023-09-01', null),
    ('cedar', 'cedar', 'core', 20000,  '2023-09-01', null),
    ('dune',  'dune',  'core', 20000,  '2023-09-01', null),
    ('elm',   'elm',   'core', 20000,  '2024-04-01', null),
    ('fir',   'fir',   'core', 20000,  '2024-05-01', null),
    ('gum',   'gum',   'core', 20000,  '2023-04-02', null),
    ('hazel', 'hazel', 'core', 20000,  '2023-04-01', null),
    ('ivy',   'ivy',   'core', 20000,  '2023-09-01', '2023-11-01'),
    ('juno',  'juno',  'core', 20000,  '2023-09-01', null),
    ('kilo',  'kilo',  'core', 20000,  '2023-09-01', null);

-- Acme is done on the very day. Birch is a day late. Cedar's deadline was moved twice, and it kept the last one: late, and extended.
-- Dune never got there. Elm planned nothing, so it has 90 days, until today; Fir has until 30 July. Gum's 90 days ended on
-- 1 July 2023, Hazel's a day before: no longer asked. Ivy left before its deadline, and is a failure. Juno has no such milestone
-- but the three value points, the last of them on 25 November, by the 90 days' 30 November. Kilo was done early,
-- which was entered after as_of. Birch's day was taken back in August, which changes nothing in June.
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values
    ('acme',  'onboarded',     '2023-12-01', null,         '2023-09-01'),
    ('acme',  'onboarded',     '2023-12-01', '2023-12-01', '2023-12-01'),
    ('birch', 'onboarded',     '2023-12-01', null,         '2023-09-01'),
    ('birch', 'onboarded',     '2023-12-01', '2023-12-02', '2023-12-02'),
    ('birch', 'onboarded',     '2023-12-01', null,         '2024-08-01'),
    ('cedar', 'onboarded',     null,         null,         '2023-09-01'),
    ('cedar', 'onboarded',     '2023-12-01', null,         '2023-09-15'),
    ('cedar', 'onboarded',     '2024-01-15', null,         '2023-11-20'),
    ('cedar', 'onboarded',     '2024-02-15', null,         '2024-01-10'),
    ('cedar', 'onboarded',     '2024-02-15', '2024-02-10', '2024-02-10'),
    ('dune',  'onboarded',     '2023-12-01', null,         '2023-09-01'),
    ('ivy',   'onboarded',     '2023-12-01', null,         '2023-09-01'),
    ('juno',  'value_point_1', null,         '2023-10-01', '2023-10-01'),
    ('juno',  'value_point_2', null,         '2023-11-25', '2023-11-25'),
    ('juno',  'value_point_3', null,         '2023-11-01', '2023-11-01'),
    ('kilo',  'onboarded',     '2024-06-01', null,         '2023-09-01'),
    ('kilo',  'onboarded',     '2024-06-01', '2024-05-20', '2024-07-10'),
    ('kilo',  'onboarded',     '2024-09-01', '2024-05-20', '2024-07-20');

-- By hand: high Acme, 1 of 1. Low: due Birch, Cedar, Dune, Elm, Gum, Ivy, Juno, Kilo; on time Juno and Kilo: 2 of 8; late Birch and Cedar;
-- extended Cedar. In progress Dune, Elm, Fir, Gum, Hazel; overdue Dune, Gum, Hazel: Elm may be done today yet.
select * from onboarding where day = '2024-06-30' order by segment;
select * from onboarding_detail where day = '2024-06-30' order by segment, account_id;

-- By hand, on 31 December 2023: Cedar, to be done by 15 January then, is in progress and overdue; Kilo, not due, is in progress.
select segment, account_id, in_progress, overdue, due_accounts, extended_accounts, due_on, planned_due_on
from onboarding_detail where day = '2023-12-31' and account_id in ('cedar', 'kilo') order by account_id;
