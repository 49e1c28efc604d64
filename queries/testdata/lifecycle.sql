-- Where do our customers stand?

-- Acme gave notice for all that it pays for, Birch for one of two contracts. Cedar renewed, Dune bought more. Elm began 90 days ago and
-- has until today; Fir, a day older, missed it. Gum is as old as Fir, but its deadline was moved; Hazel is onboarded. Ivy gives
-- notice tomorrow. Juno left.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, renewed_from, notice_on) values
    ('acme',   'acme',  'core', 100000, '2023-01-01', '2025-01-01', '',       '2024-06-30'),
    ('birch1', 'birch', 'core', 90000,  '2024-01-01', '2025-01-01', '',       null),
    ('birch2', 'birch', 'mail', 10000,  '2024-01-01', '2025-01-01', '',       '2024-06-01'),
    ('cedar1', 'cedar', 'core', 20000,  '2023-01-01', '2024-01-01', '',       null),
    ('cedar2', 'cedar', 'core', 20000,  '2024-01-01', '2025-01-01', 'cedar1', null),
    ('dune1',  'dune',  'core', 20000,  '2024-06-01', '2025-06-01', '',       null),
    ('dune2',  'dune',  'mail', 1000,   '2024-06-30', '2025-06-01', '',       null),
    ('elm',    'elm',   'core', 1000,   '2024-04-01', null,         '',       null),
    ('fir',    'fir',   'core', 2000,   '2024-03-31', null,         '',       null),
    ('gum',    'gum',   'core', 3000,   '2024-03-31', null,         '',       null),
    ('hazel',  'hazel', 'core', 4000,   '2024-06-01', null,         '',       null),
    ('ivy',    'ivy',   'core', 5000,   '2022-01-01', '2024-12-01', '',       '2024-07-01'),
    ('juno',   'juno',  'core', 5000,   '2022-01-01', '2024-06-30', '',       null);
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values
    ('gum',   'onboarded', '2024-06-01', null,         '2024-04-01'),
    ('gum',   'onboarded', '2024-07-15', null,         '2024-05-20'),
    ('hazel', 'onboarded', '2024-07-01', '2024-06-20', '2024-06-20');

-- By hand: high Acme leaving, Birch adoption; low Cedar and Dune growth; tech Elm and Gum onboarding, Fir, Hazel and Ivy adoption.
select * from lifecycle where day = '2024-06-30' order by segment, phase;
select segment, phase, account_id, arr, contracted_arr, first_paid_on from lifecycle_detail where day = '2024-06-30' order by segment, account_id;

-- By hand, tomorrow: Elm's time is over, and Ivy is leaving.
select phase, accounts, arr from lifecycle where day = '2024-07-01' and segment = 'tech' order by phase;
