-- Annual recurring revenue: who counts on a day, and in which segment.

-- Six customers, and one company of our own that we test with.
insert into stored_accounts (account_id, name, is_test) values
    ('acme', 'Acme', false), ('birch', 'Birch', false), ('cedar', 'Cedar', false), ('gum', 'Gum', false),
    ('hazel', 'Hazel', false), ('ivy', 'Ivy', false), ('us', 'Our own sandbox', true);

-- Acme pays 120,000 and adds 30,000 for its support department in the middle of the term. It gives notice for the
-- add-on on 30 June; Birch gives notice on 1 July.
insert into stored_contracts (contract_id, account_id, product, department, seats, acv, starts_on, ends_before, notice_on) values
    ('acme-1', 'acme',  'core', 'sales',   100, 120000,  '2024-01-01', '2025-01-01', null),
    ('acme-2', 'acme',  'core', 'support', 20,  30000,   '2024-04-15', '2025-01-01', '2024-06-30'),
    ('birch',  'birch', 'core', 'sales',   5,   10000,   '2024-01-01', null,         '2024-07-01'),
    ('cedar',  'cedar', 'core', 'sales',   2,   9999.99, '2024-01-01', null,         null);

-- Gum's last day is 30 June. Hazel's first day is 30 June, Ivy's is 1 July.
insert into stored_contracts (contract_id, account_id, seats, acv, starts_on, ends_before) values
    ('gum',   'gum',   4, 20000, '2023-07-01', '2024-07-01'),
    ('hazel', 'hazel', 1, 1000,  '2024-06-30', null),
    ('ivy',   'ivy',   1, 5000,  '2024-07-01', null);

-- What is no ARR: the sandbox, a trial, a contract that ended on 29 June, one without a price, a mistyped negative one.
insert into stored_contracts (contract_id, account_id, seats, acv, starts_on, ends_before, is_trial) values
    ('sandbox', 'us',    9, 70000, '2024-01-01', null,         false),
    ('trial',   'dune',  9, 50000, '2024-01-01', null,         true),
    ('ended',   'fir',   9, 40000, '2023-06-30', '2024-06-30', false),
    ('free',    'elm',   9, 0,     '2024-01-01', null,         false),
    ('typo',    'fern',  9, -500,  '2024-01-01', null,         false);

-- By hand, at the end of 30 June (a notice of that day counts, one of the next day does not):
--   high  Acme 120,000 + 30,000 = 150,000; contracted 120,000; 120 seats
--   low   Birch 10,000 (exactly at the threshold) + Gum 20,000 = 30,000; all contracted; 2 accounts, 9 seats
--   tech  Cedar 9,999.99 + Hazel 1,000 = 10,999.99; 2 accounts, 3 seats
select * from arr where day = '2024-06-30' order by segment;

-- By hand, one day later: Gum has gone, Birch's notice counts, Ivy has come.
--   high  unchanged    low  Birch 10,000, nothing contracted, 5 seats    tech  10,999.99 + 5,000 = 15,999.99; 3 accounts, 4 seats
select * from arr where day = '2024-07-01' order by segment;

-- By hand, before anybody paid but Gum and Fir (who still had a contract): low 20,000 + 40,000; the others zero, not absent.
select * from arr where day = '2023-12-31' order by segment;

-- The contracts behind the numbers of 30 June; each account is counted on one of its contracts.
select segment, account_id, contract_id, amount, contracted_amount, accounts, seats
from arr_detail where day = '2024-06-30' order by segment, contract_id;
