-- Currencies: drift is neither expansion nor churn, and a missing rate is an error.

-- A euro falls from 1.25 dollars in 2023 to 1.00 in 2024, and rises in between as it likes. Berg pays 10,000 euros in 2023
-- and 12,000 from July 2024 on; Carlo pays 10,000 euros and leaves in July; Acme pays 10,000 dollars.
insert into cs.fx_rates (currency, day, rate) values ('EUR', '2023-01-01', 1.25), ('EUR', '2023-06-01', 1.50), ('EUR', '2024-01-01', 1.00), ('EUR', '2024-06-01', 0.90);
insert into cs.contracts (contract_id, account_id, acv, currency, starts_on, ends_before, renewed_from) values
    ('berg-1', 'berg',  10000, 'EUR', '2023-07-01', '2024-07-01', ''),
    ('berg-2', 'berg',  12000, 'EUR', '2024-07-01', null,         'berg-1'),
    ('carlo',  'carlo', 10000, 'EUR', '2023-07-01', '2024-07-01', ''),
    ('acme',   'acme',  10000, 'USD', '2023-07-01', null,         '');

-- By hand: 12,500 + 12,500 + 10,000 = 35,000 was reported at the end of 2023; in 2024 it is 12,000 + 10,000 = 22,000.
select sum(amount) as arr from cs.arr(as_of = '2023-12-31');
select sum(amount) as arr from cs.arr(as_of = '2024-12-31');

-- By hand, the twelve months of 2024: the euro took 2,500 from each of Berg and Carlo, then Carlo left with 10,000 and Berg grew by 2,000.
-- 35,000 - 5,000 - 10,000 + 2,000 = 22,000.
select movement, account_id, amount from cs.arr_movements_detail(as_of = '2024-12-31') where window = '12m' order by movement, account_id;
select * from cs.arr_bridge(as_of = '2024-12-31') where window = '12m';

-- By hand: retention is 22,000 / 30,000, at this year's rate on both ends; by movement it is (35,000 - 13,000) / 35,000.
select definition, round(ratio, 4) as ratio, opening_arr, closing_arr from cs.nrr_definitions(as_of = '2024-12-31')
where window = '12m' and definition in ('cohort', 'movement') order by definition;

-- Tanaka pays in yen, and nobody has entered a rate: the numbers that need it fail, and say what is missing.
insert into cs.contracts (contract_id, account_id, acv, currency, starts_on) values ('tanaka', 'tanaka', 1000000, 'JPY', '2024-08-01');
-- error: no exchange rate for JPY in the fiscal year of 2024-12-31
select * from cs.arr(as_of = '2024-12-31') order by segment;
-- error: no exchange rate for JPY in the fiscal year of 2024-12-31
select * from cs.nrr(as_of = '2024-12-31') order by segment, window;
select id, reason from cs.quality_detail(as_of = '2024-12-31') where check = 'missing_rate';

-- By hand: on the day before Tanaka's contract begins, nothing is missing: 22,000.
select sum(amount) as arr from cs.arr(as_of = '2024-07-31');

-- A rate is entered for September, which is the first inside the year. By hand: 22,000 + 10,000.
insert into cs.fx_rates (currency, day, rate) values ('JPY', '2024-09-01', 0.01);
select sum(amount) as arr from cs.arr(as_of = '2024-12-31');

-- In 2025 the euro stays at 1.00, and the yen's rate has gone stale.
insert into cs.fx_rates (currency, day, rate) values ('EUR', '2025-01-01', 1.00);
-- error: no exchange rate for JPY in the fiscal year of 2025-01-31
select * from cs.arr(as_of = '2025-01-31') order by segment;

-- It is entered: 0.02. By hand: since October Tanaka's 10,000 have become 20,000 by the yen alone.
insert into cs.fx_rates (currency, day, rate) values ('JPY', '2025-01-01', 0.02);
select movement, amount from cs.arr_movements(as_of = '2025-01-31') where window = '3m' and amount != 0;

-- Pounds have a rate for 2025 only. By hand: today's ARR, 1,300, needs no more; the movements since last year need last year's.
insert into cs.contracts (contract_id, account_id, acv, currency, starts_on) values ('smith', 'smith', 1000, 'GBP', '2024-12-01');
insert into cs.fx_rates (currency, day, rate) values ('GBP', '2025-01-01', 1.30);
select amount from cs.arr_detail(as_of = '2025-01-31') where account_id = 'smith';
-- error: no exchange rate for GBP in the fiscal year of 2024-12-31
select * from cs.arr_movements(as_of = '2025-01-31') order by segment, window, movement;
