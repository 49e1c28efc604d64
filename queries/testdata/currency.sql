-- Currencies: drift is neither expansion nor churn, and an account without a rate is left out and reported.

-- A euro falls from 1.25 dollars in 2023 to 1.00 in 2024, and rises in between as it likes. Berg pays 10,000 euros in 2023
-- and 12,000 from July 2024 on; Carlo pays 10,000 euros and leaves in July; Acme pays 10,000 dollars.
insert into stored_fx_rates (currency, day, rate) values ('EUR', '2023-01-01', 1.25), ('EUR', '2023-06-01', 1.50), ('EUR', '2024-01-01', 1.00), ('EUR', '2024-06-01', 0.90);
insert into stored_contracts (contract_id, account_id, acv, currency, starts_on, ends_before, renewed_from) values
    ('berg-1', 'berg',  10000, 'EUR', '2023-07-01', '2024-07-01', ''),
    ('berg-2', 'berg',  12000, 'EUR', '2024-07-01', null,         'berg-1'),
    ('carlo',  'carlo', 10000, 'EUR', '2023-07-01', '2024-07-01', ''),
    ('acme',   'acme',  10000, 'USD', '2023-07-01', null,         '');

-- By hand: 12,500 + 12,500 + 10,000 = 35,000 was reported at the end of 2023; in 2024 it is 12,000 + 10,000 = 22,000.
select sum(amount) as arr from arr where day = '2023-12-31';
select sum(amount) as arr from arr where day = '2024-12-31';

-- By hand, the twelve months of 2024: the euro took 2,500 from each of Berg and Carlo, then Carlo left with 10,000 and Berg grew by 2,000.
-- 35,000 - 5,000 - 10,000 + 2,000 = 22,000.
select movement, account_id, amount from arr_movements_detail where day = '2024-12-31' and window = '12m' order by movement, account_id;
select * from arr_bridge where day = '2024-12-31' and window = '12m';

-- By hand: retention is 22,000 / 30,000, at this year's rate on both ends; by movement it is (35,000 - 13,000) / 35,000.
select definition, round(ratio, 4) as ratio, opening_arr, closing_arr from nrr_definitions
where day = '2024-12-31' and window = '12m' and definition in ('cohort', 'movement') order by definition;

-- Tanaka pays in yen, and nobody has entered a rate: it is in no number of the day, and reported with its 1,000,000 yen. Of the others the
-- numbers are as before: 22,000, and 22,000 / 30,000 = 0.7333.
insert into stored_contracts (contract_id, account_id, acv, currency, starts_on) values ('tanaka', 'tanaka', 1000000, 'JPY', '2024-08-01');
select sum(amount) as arr from arr where day = '2024-12-31';
select round(sum(closing_arr) / sum(opening_arr), 4) as ratio, sum(accounts) as accounts from nrr where day = '2024-12-31' and window = '12m';
select * from unvalued where day = '2024-12-31';
select id, reason from quality_detail where day = '2024-12-31' and check = 'missing_rate';

-- By hand: on the day before Tanaka's contract begins, nothing is missing: 22,000.
select sum(amount) as arr from arr where day = '2024-07-31';
select count() as currencies from unvalued where day = '2024-07-31';

-- A rate is entered for September, which is the first inside the year. By hand: 22,000 + 10,000.
insert into stored_fx_rates (currency, day, rate) values ('JPY', '2024-09-01', 0.01);
select sum(amount) as arr from arr where day = '2024-12-31';
select count() as currencies from unvalued where day = '2024-12-31';

-- In 2025 the euro stays at 1.00, and the yen's rate has gone stale. By hand: 22,000 without Tanaka.
insert into stored_fx_rates (currency, day, rate) values ('EUR', '2025-01-01', 1.00);
select sum(amount) as arr from arr where day = '2025-01-31';
select * from unvalued where day = '2025-01-31';

-- It is entered: 0.02. By hand: since October Tanaka's 10,000 have become 20,000 by the yen alone.
insert into stored_fx_rates (currency, day, rate) values ('JPY', '2025-01-01', 0.02);
select movement, amount from arr_movements where day = '2025-01-31' and window = '3m' and amount != 0;

-- Pounds have a rate for 2025 only. Smith has paid since December, so that the month to 31 January opened with pounds of 2024, which have no rate:
-- Smith is left out. By hand, without it 12,000 + 10,000 + 20,000.
insert into stored_contracts (contract_id, account_id, acv, currency, starts_on) values ('smith', 'smith', 1000, 'GBP', '2024-12-01');
insert into stored_fx_rates (currency, day, rate) values ('GBP', '2025-01-01', 1.30);
select sum(amount) as arr from arr where day = '2025-01-31';
select * from unvalued where day = '2025-01-31';

-- The rate of 2024 is entered: 1.20. By hand: 1,000 * 1.30 = 1,300 now, of which the pound brought 100 since the end of December.
insert into stored_fx_rates (currency, day, rate) values ('GBP', '2024-12-01', 1.20);
select amount from arr_detail where day = '2025-01-31' and account_id = 'smith';
select movement, amount from arr_movements_detail where day = '2025-01-31' and window = '1m' and account_id = 'smith' order by movement;
