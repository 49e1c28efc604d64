-- Have those who began small settled, and grown?

-- Acme began with 10 seats for 5,000 and has 100 for 120,000 since April. Birch began with 20 seats for 12,000 and renewed at that. Cedar began
-- with 5 seats for 2,000 and 5 more of another product on the same day, and pays 3,000 for 8 seats since March. Dune left. Elm's second
-- contract is marked as land, not its first. Fir begins tomorrow.
insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before, renewed_from, is_land) values
    ('acme-1',  'acme',  'core', 10,  5000,   '2023-10-01', '2024-10-01', '',        true),
    ('acme-2',  'acme',  'core', 100, 120000, '2024-04-01', '2025-04-01', 'acme-1',  false),
    ('birch-1', 'birch', 'core', 20,  12000,  '2023-06-01', '2024-06-01', '',        true),
    ('birch-2', 'birch', 'core', 20,  12000,  '2024-06-01', '2025-06-01', 'birch-1', false),
    ('cedar-1', 'cedar', 'core', 5,   2000,   '2024-01-01', '2024-03-01', '',        true),
    ('cedar-2', 'cedar', 'mail', 5,   1500,   '2024-01-01', '2024-03-01', '',        false),
    ('cedar-3', 'cedar', 'core', 8,   3000,   '2024-03-01', '2025-03-01', 'cedar-1', false),
    ('dune-1',  'dune',  'core', 5,   2000,   '2023-01-01', '2024-01-01', '',        true),
    ('elm-1',   'elm',   'core', 5,   2000,   '2023-01-01', '2025-01-01', '',        false),
    ('elm-2',   'elm',   'core', 5,   2000,   '2024-01-01', '2025-01-01', '',        true),
    ('fir-1',   'fir',   'core', 5,   2000,   '2024-07-01', '2025-07-01', '',        true);
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values
    ('acme',  'onboarded', '2024-01-01', '2023-12-15', '2023-12-15'),
    ('birch', 'onboarded', '2023-09-01', '2024-07-01', '2024-07-01');

-- By hand, at the end of 30 June 2024: high: Acme, onboarded and expanded, 100 seats of 10; low: Birch, neither (it is onboarded tomorrow), 20 of 20;
-- tech: Cedar pays 3,000 of 3,500: not expanded, 8 seats of 10.
select * from land_accounts where day = '2024-06-30' order by segment;
select * from land_accounts_detail where day = '2024-06-30' order by account_id;
