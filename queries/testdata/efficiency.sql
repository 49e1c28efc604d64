-- Growth efficiency over twelve months.

-- At the end of 2023: Acme 100,000, Birch 50,000, Cedar 20,000, Dune 30,000. In June 2024 Acme adds 50,000, Birch saves
-- 5,000, Cedar leaves. Elm is new with 20,000; Fir, who paid in 2022, returns with 5,000.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, renewed_from) values
    ('acme-1',  'acme',  'core', 100000, '2023-01-01', null,         ''),
    ('acme-2',  'acme',  'mail', 50000,  '2024-06-01', null,         ''),
    ('birch-1', 'birch', 'core', 50000,  '2023-01-01', '2024-06-01', ''),
    ('birch-2', 'birch', 'core', 45000,  '2024-06-01', null,         'birch-1'),
    ('cedar',   'cedar', 'core', 20000,  '2023-01-01', '2024-06-01', ''),
    ('dune',    'dune',  'core', 30000,  '2023-01-01', null,         ''),
    ('elm',     'elm',   'core', 20000,  '2024-06-01', null,         ''),
    ('fir-1',   'fir',   'core', 8000,   '2022-01-01', '2022-12-01', ''),
    ('fir-2',   'fir',   'core', 5000,   '2024-06-01', null,         '');

-- By hand: won 50,000 + 20,000 + 5,000 = 75,000, lost 5,000 + 20,000 = 25,000: quick ratio 3.
-- From 200,000 to 250,000: growth 0.25. 1 of 4 customers left: 5 customers pay 50,000 each, for 4 years: 200,000.
select * from efficiency where day = '2024-12-31';

-- By hand, at the end of 2023: 200,000 won from nothing (Fir had left, and nothing was lost since), so no ratio exists.
select quick_ratio, lifetime_value, arr_growth_ratio, gained_arr, lost_arr, opening_arr, closing_arr
from efficiency where day = '2023-12-31';
