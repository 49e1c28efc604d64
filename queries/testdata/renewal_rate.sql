-- Renewal rate: of what was due, how much was renewed. All are low touch.

-- Acme renews at a higher price: 20,000 of 20,000 are renewed, the rest is expansion. Birch renews at a lower one: 15,000 of 20,000.
-- Elm was due on 31 December and renewed early, on 1 October.
insert into cs.contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('acme-1',  'acme',  20000, '2023-07-01', '2024-07-01', ''),
    ('acme-2',  'acme',  25000, '2024-07-01', '2025-07-01', 'acme-1'),
    ('birch-1', 'birch', 20000, '2023-06-01', '2024-06-01', ''),
    ('birch-2', 'birch', 15000, '2024-06-01', '2025-06-01', 'birch-1'),
    ('elm-1',   'elm',   10000, '2023-12-31', '2024-12-31', ''),
    ('elm-2',   'elm',   10000, '2024-10-01', '2025-12-31', 'elm-1');

-- Cedar gave notice. Dune ended on 15 December and has said nothing yet; Fir ended on 30 November and never said anything.
-- Ivy is due in January.
insert into cs.contracts (contract_id, account_id, acv, starts_on, ends_before, notice_on) values
    ('cedar', 'cedar', 10000, '2023-05-01', '2024-05-01', '2024-03-01'),
    ('dune',  'dune',  10000, '2023-12-15', '2024-12-15', null),
    ('fir',   'fir',   10000, '2023-11-30', '2024-11-30', null),
    ('ivy',   'ivy',   10000, '2023-01-15', '2025-01-15', null);

-- The source does not link renewals here. Gum's next contract for the same product, an open one, begins 19 days after the end, so it renewed;
-- Hazel's begins 35 days after: it was lost, and came back.
insert into cs.contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('gum-1',   'gum',   10000, '2023-08-01', '2024-08-01'),
    ('gum-2',   'gum',   12000, '2024-08-20', null),
    ('hazel-1', 'hazel', 10000, '2023-08-01', '2024-08-01'),
    ('hazel-2', 'hazel', 10000, '2024-09-05', '2025-09-05');

-- Juno's ended on 1 February; on 1 October it signs one after all, and the source calls that its renewal.
insert into cs.contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('juno-1', 'juno', 10000, '2023-02-01', '2024-02-01', ''),
    ('juno-2', 'juno', 10000, '2024-10-01', '2025-10-01', 'juno-1');

-- By hand, at the end of 2024:
--   12m  due Acme 20,000, Birch 20,000, Cedar, Elm, Fir, Gum, Hazel, Juno 10,000 each: 100,000 in 8 contracts
--        renewed 20,000 + 15,000 + 10,000 (Elm) + 10,000 (Gum) + 10,000 (Juno) = 65,000 in 5; Dune is undecided: in neither part
--   3m   due Elm and Fir, renewed Elm: 10,000 / 20,000
--   1m   due Elm alone; Fir's day, 30 November, is the window's start and belongs to the month before
select segment, window, round(ratio, 4) as ratio, renewed_arr, due_arr, renewed_contracts, due_contracts
from cs.renewal_rate(as_of = '2024-12-31') where segment = 'low' order by window;
select account_id, contract_id, due_on, outcome, renewed_arr, due_arr
from cs.renewal_rate_detail(as_of = '2024-12-31') where window = '12m' order by due_on, contract_id;

-- By hand: the day before it signed, Juno was lost. What was said then stays.
select account_id, outcome, renewed_arr from cs.renewal_rate_detail(as_of = '2024-09-30') where window = '12m' and account_id = 'juno';

-- By hand, on 15 January: Dune has been silent for 31 days, so it is lost; Ivy, due today, is undecided. 3m: Elm, Fir, Dune, 10,000 / 30,000.
select window, round(ratio, 4) as ratio, renewed_contracts, due_contracts
from cs.renewal_rate(as_of = '2025-01-15') where segment = 'low' and window = '3m';

-- By hand, on 30 November: Elm has renewed, but was not due yet; Fir, due today, is undecided. Nothing in the last month: no ratio.
select window, ratio, renewed_arr, due_arr from cs.renewal_rate(as_of = '2024-11-30') where segment = 'low' and window = '1m';
