-- Gross revenue retention: what is left of what the customers of then paid; nobody's growth makes up for another's loss.

-- Acme (high) grows from 100,000 to 130,000 in July; Dune (tech) from 5,000 to 6,000.
-- Birch (low) cuts down from 20,000 to 5,000: it would be tech touch now, but it failed as low touch.
-- Cedar (low) leaves with 30,000 in July; Fern (low) grows from 50,000 to 60,000.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('acme-1',  'acme',  100000, '2023-07-01', '2024-07-01', ''),
    ('acme-2',  'acme',  130000, '2024-07-01', null,         'acme-1'),
    ('birch-1', 'birch', 20000,  '2023-07-01', '2024-07-01', ''),
    ('birch-2', 'birch', 5000,   '2024-07-01', null,         'birch-1'),
    ('cedar',   'cedar', 30000,  '2023-07-01', '2024-07-01', ''),
    ('dune-1',  'dune',  5000,   '2023-07-01', '2024-07-01', ''),
    ('dune-2',  'dune',  6000,   '2024-07-01', null,         'dune-1'),
    ('fern-1',  'fern',  50000,  '2023-07-01', '2024-07-01', ''),
    ('fern-2',  'fern',  60000,  '2024-07-01', null,         'fern-1');

-- Elm comes in March 2024 with 200,000: it was not there at the start, so it is in neither sum.
insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('elm', 'elm', 200000, '2024-03-01');

-- By hand, twelve months to the end of 2024:
--   high  Acme's growth does not count: 100,000 / 100,000 = 1
--   low   (Birch 5,000 + Cedar 0 + Fern 50,000) / 100,000 = 0.55
--   tech  5,000 / 5,000 = 1
select * from grr where day = '2024-12-31' and window = '12m' order by segment;

-- By hand, before anybody had paid for a month: no ratio.
select * from grr where day = '2023-07-01' and window = '1m' order by segment;

-- The accounts behind low touch.
select account_id, opening_arr, retained_arr, closing_arr
from grr_detail where day = '2024-12-31' and window = '12m' and segment = 'low' order by account_id;
