-- Renewal rate: of what was due, how much was renewed. All are low touch.

-- Acme renews at a higher price: 20,000 of 20,000 are renewed, the rest is expansion. Birch renews at a lower one: 15,000 of 20,000.
-- Elm was due on 31 December and renewed early, on 1 October.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('acme-1',  'acme',  20000, '2023-07-01', '2024-07-01', ''),
    ('acme-2',  'acme',  25000, '2024-07-01', '2025-07-01', 'acme-1'),
    ('birch-1', 'birch', 20000, '2023-06-01', '2024-06-01', ''),
    ('birch-2', 'birch', 15000, '2024-06-01', '2025-06-01', 'birch-1'),
    ('elm-1',   'elm',   10000, '2023-12-31', '2024-12-31', ''),
    ('elm-2',   'elm',   10000, '2024-10-01', '2025-12-31', 'elm-1');

-- Cedar gave notice. Dune ended on 15 December and has said nothing yet; Fir ended on 30 November and never said anything.
-- Ivy is due in January.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, notice_on) values
    ('cedar', 'cedar', 10000, '2023-05-01', '2024-05-01', '2024-03-01'),
    ('dune',  'dune',  10000, '2023-12-15', '2024-12-15', null),
    ('fir',   'fir',   10000, '2023-11-30', '2024-11-30', null),
    ('ivy',   'ivy',   10000, '2023-01-15', '2025-01-15', null);

-- The source does not link renewals here. Gum's next contract for the same product, an open one, begins 19 days after the end, so it renewed;
-- Hazel's begins 35 days after: it was lost, and came back.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('gum-1',   'gum',   10000, '2023-08-01', '2024-08-01'),
    ('gum-2',   'gum',   12000, '2024-08-20', null),
    ('hazel-1', 'hazel', 10000, '2023-08-01', '2024-08-01'),
    ('hazel-2', 'hazel', 10000, '2024-09-05', '2025-09-05');

-- Juno's ended on 1 February; on 1 October it signs one after all, and the source calls that its renewal.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('juno-1', 'juno', 10000, '2023-02-01', '2024-02-01', ''),
    ('juno-2', 'juno', 10000, '2024-10-01', '2025-10-01', 'juno-1');

-- By hand, at the end of 2024:
--   12m  due Acme 20,000, Birch 20,000, Cedar, Elm, Fir, Gum, Hazel, Juno 10,000 each: 100,000 in 8 contracts
--        renewed 20,000 + 15,000 + 10,000 (Elm) + 10,000 (Gum) + 10,000 (Juno) = 65,000 in 5; Dune is undecided: in neither part
--   3m   due Elm and Fir, renewed Elm: 10,000 / 20,000
--        uplift 5,000 (Acme) and 2,000 (Gum); Birch is downsold
--   1m   due Elm alone; Fir's day, 30 November, is the window's start and belongs to the month before
select segment, window, round(ratio, 4) as ratio, renewed_arr, due_arr, uplift_arr, renewed_contracts, due_contracts, uplifted_contracts, downsold_contracts
from renewal_rate where day = '2024-12-31' and segment = 'low' and window in ('1m', '3m', '12m') order by window;
select account_id, contract_id, due_on, outcome, renewed_arr, due_arr, uplift_arr
from renewal_rate_detail where day = '2024-12-31' and window = '12m' order by due_on, contract_id;

-- By hand: the day before it signed, Juno was lost. What was said then stays.
select account_id, outcome, renewed_arr from renewal_rate_detail where day = '2024-09-30' and window = '12m' and account_id = 'juno';

-- By hand, on 15 January: Dune has been silent for 31 days, so it is lost; Ivy, due today, is undecided. 3m: Elm, Fir, Dune, 10,000 / 30,000.
select window, round(ratio, 4) as ratio, renewed_contracts, due_contracts
from renewal_rate where day = '2025-01-15' and segment = 'low' and window = '3m';

-- By hand, on 30 November: Elm has renewed, but was not due yet; Fir, due today, is undecided. Nothing in the last month: no ratio.
select window, ratio, renewed_arr, due_arr from renewal_rate where day = '2024-11-30' and segment = 'low' and window = '1m';

-- What one contract takes over from several counts once. All of these were due on 1 January, 15,000 of each account in two contracts of 10,000 and
-- 5,000, Kilo's and Lima's for the same thing. Kilo's one contract of 12,000 names the larger one. Lima's of 21,000 names none.
-- Mango's larger one is split in two, 6,000 and 7,000, that name it; its smaller one is of another department, followed by 5,500 there.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, product, department, acv, starts_on, ends_before, renewed_from) values
    ('kilo-1',  'kilo',  'core', '',   10000, '2024-01-01', '2025-01-01', ''),
    ('kilo-2',  'kilo',  'core', '',   5000,  '2024-06-01', '2025-01-01', ''),
    ('kilo-3',  'kilo',  'core', '',   12000, '2025-01-01', '2026-01-01', 'kilo-1'),
    ('lima-1',  'lima',  'core', '',   10000, '2024-01-01', '2025-01-01', ''),
    ('lima-2',  'lima',  'core', '',   5000,  '2024-06-01', '2025-01-01', ''),
    ('lima-3',  'lima',  'core', '',   21000, '2025-01-01', '2026-01-01', ''),
    ('mango-1', 'mango', 'core', '',   10000, '2024-01-01', '2025-01-01', ''),
    ('mango-2', 'mango', 'core', 'it', 5000,  '2024-01-01', '2025-01-01', ''),
    ('mango-3', 'mango', 'core', '',   6000,  '2025-01-01', '2026-01-01', 'mango-1'),
    ('mango-4', 'mango', 'core', '',   7000,  '2025-01-01', '2026-01-01', 'mango-1'),
    ('mango-5', 'mango', 'core', 'it', 5500,  '2025-01-01', '2026-01-01', '');

-- By hand, at the end of January:
--   Kilo   12,000 are 10,000 + 2,000 of what was due: the smaller one is downsold
--   Lima   21,000 are 10,000 + 5,000, and 6,000 of uplift, reported with the larger one
--   Mango  13,000 are 10,000 and 3,000 of uplift; 5,500 are 5,000 and 500
select contract_id, outcome, due_arr, renewed_arr, uplift_arr, uplifted_contracts, downsold_contracts
from renewal_rate_detail where day = '2025-01-31' and window = '1m' order by contract_id;
