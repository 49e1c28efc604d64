-- Three definitions of net revenue retention that are in common use, and why they differ.

-- Acme pays 100,000 all the time. Birch pays 100,000, leaves on 1 November and comes back on 15 December with 50,000.
-- Cedar joins on 15 October with 100,000 and doubles on 1 December. Dune paid until May 2023 and returns on 10 December with 30,000.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('acme',    'acme',  100000, '2023-01-01', null,         ''),
    ('birch-1', 'birch', 100000, '2023-01-01', '2024-11-01', ''),
    ('birch-2', 'birch', 50000,  '2024-12-15', null,         ''),
    ('cedar-1', 'cedar', 100000, '2024-10-15', '2024-12-01', ''),
    ('cedar-2', 'cedar', 200000, '2024-12-01', null,         'cedar-1'),
    ('dune-1',  'dune',  40000,  '2022-01-01', '2023-06-01', ''),
    ('dune-2',  'dune',  30000,  '2024-12-10', null,         '');

-- By hand, the last three months (30 September: Acme and Birch, 200,000):
--   cohort    the same two now: (100,000 + 50,000) / 200,000 = 0.75
--   chained   October 200 / 200, November without Birch 200 / 300, December (Acme, Cedar) 300 / 200: together 1.0
--   movement  200,000 - 50,000 (Birch) + 30,000 (Dune, won back) = 180,000: 0.9; Cedar is new and is left out
-- The last month (30 November: Acme and Cedar, 200,000): cohort and chained 300 / 200 = 1.5; by movement Birch and Dune
-- are won back, (300,000 + 50,000 + 30,000) / 200,000 = 1.9.
-- Twelve months: as three, because nothing happened between January and September.
select window, definition, round(ratio, 4) as ratio, opening_arr, round(closing_arr, 2) as closing_arr
from nrr_definitions where day = '2024-12-31' order by window, definition;

-- By hand: the cohort definition is the one of nrr, 150,000 / 200,000.
select sum(closing_arr) / sum(opening_arr) as ratio from nrr where day = '2024-12-31' and window = '12m';

-- By hand, on 15 December 2022: Dune alone pays, but nobody did a year ago, and in one of the twelve months the chain breaks.
select window, definition, ratio from nrr_definitions where day = '2022-12-15' order by window, definition;
