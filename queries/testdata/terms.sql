-- Terms of one, two and three years, additions, ramps, and contracts that are entered late.

-- Acme pays 36,000 for three years, Birch 24,000 for two, Cedar 12,000 for one, Dune 3,000 for thirteen weeks: each is 12,000 a year.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before)
select id, id, cs_annual_value(price, starts, ends), starts, ends
from values('id String, price UInt32, starts Date, ends Date',
    ('acme', 36000, '2024-01-01', '2027-01-01'), ('birch', 24000, '2024-01-01', '2026-01-01'),
    ('cedar', 12000, '2024-01-01', '2025-01-01'), ('dune', 3000, '2024-01-01', '2024-04-01'));

-- By hand: 48,000 in March 2024; without Dune 36,000 at the end of 2024, without Cedar 24,000 a day later, Acme alone 12,000 in 2026, then nothing.
select sum(amount) as arr from arr where day = '2024-03-31';
select sum(amount) as arr from arr where day = '2024-12-31';
select sum(amount) as arr from arr where day = '2025-01-01';
select sum(amount) as arr from arr where day = '2026-12-31';
select sum(amount) as arr from arr where day = '2027-01-01';

-- Elm adds 6,000 a year in the middle of its term, to end with it. By hand: 20,000, from 1 July on 26,000, whatever share of a year is left.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('elm-1', 'elm', 20000, '2024-01-01', '2025-01-01'),
    ('elm-2', 'elm', 6000,  '2024-07-01', '2025-01-01');
select movement, amount from arr_movements where day = '2024-07-31' and window = '1m' and amount != 0;
select sum(amount) as arr from arr where day = '2024-12-31';

-- Fir has a discount that runs out: 10,000 in the first year, 15,000 in the second, 20,000 in the third. The steps lie ahead as contracts of
-- their own. By hand: 10,000 until the second year begins; each step is expansion (upsell) when it comes, not before.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('fir-1', 'fir', 10000, '2024-01-01', '2025-01-01', ''),
    ('fir-2', 'fir', 15000, '2025-01-01', '2026-01-01', 'fir-1'),
    ('fir-3', 'fir', 20000, '2026-01-01', '2027-01-01', 'fir-2');
select amount, contracted_amount from arr where day = '2024-12-31' and amount > 0;
select kind, amount from expansion where day = '2025-12-31' and window = '12m' and amount > 0;
select kind, amount from expansion where day = '2026-01-31' and window = '1m' and amount > 0;

-- Gum signs on 10 July for a contract that began on 1 January. By hand: once it is entered, it counts from 1 January on, for past days, too:
-- 5,000 at the end of June, where there was nothing before. It is new within the last twelve months and the year to date, not within July.
truncate table stored_contracts;
select sum(amount) as before from arr where day = '2024-06-30';
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, updated_at) values ('gum', 'gum', 5000, '2024-01-01', '2025-01-01', '2024-07-10 09:00:00');
select sum(amount) as after from arr where day = '2024-06-30';
select window, movement, amount from arr_movements where day = '2024-07-31' and amount != 0 order by window;
