-- The bridge: what ARR was, plus what moved, is what ARR is.

-- A euro is 1.10 dollars in 2023 and 1.20 in 2024; we report in dollars.
insert into stored_fx_rates (currency, day, rate) values ('EUR', '2023-01-01', 1.10), ('EUR', '2024-01-01', 1.20);

-- Acme pays 100,000 dollars, from June 2024 on 120,000. Berg pays 10,000 euros from May 2023 on.
insert into stored_contracts (contract_id, account_id, acv, currency, starts_on, ends_before, renewed_from) values
    ('acme-1', 'acme', 100000, '',    '2023-01-01', '2024-06-01', ''),
    ('acme-2', 'acme', 120000, 'USD', '2024-06-01', null,         'acme-1'),
    ('berg',   'berg', 10000,  'EUR', '2023-05-01', null,         '');

-- By hand, at the end of 2024: 12m from 100,000 + 11,000 = 111,000 to 120,000 + 12,000 = 132,000; 1m and 3m 132,000 throughout.
select * from arr_bridge where day = '2024-12-31' order by window;

-- By hand: 20,000 is Acme's expansion, and 1,000 the euro's; nobody expanded because of the euro.
select movement, amount, accounts from arr_movements where day = '2024-12-31' and window = '12m' and amount != 0 order by movement;

-- By hand, on 29 February 2024 (112,000): 1m ago was 29 January, with this year's euro, 112,000; 3m ago 29 November with
-- last year's, 111,000; 12m ago 28 February 2023, Acme alone, 100,000.
select * from arr_bridge where day = '2024-02-29' order by window;

-- A change of settings inside the window is no fault. Fern pays 50,000 until the end of February 2025; from 10 March on an ended contract counts for 30 days more. On 5 March
-- Fern had left, by the settings of that day; by those of 5 April it paid on 5 March and left on 31 March.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values ('fern', 'fern', 50000, '2024-01-01', '2025-03-01');
insert into stored_settings (name, starts_on, value) values ('grace_days', '2025-03-10', '30');
-- By hand: on 5 March 2025 ARR was Acme's 120,000 (Berg is left out, as there is no rate of the euro in 2025); by the settings of 5 April it was 170,000. The month
-- loses Fern's 50,000 as churn, so -50,000 is due to the change.
select * from arr_bridge where day = '2025-04-05' and window = '1m';
select account_id, opening, movements, closing, policy_change, residual, cause from arr_bridge_detail where day = '2025-04-05' and window = '1m' order by account_id;
select movement, amount, accounts from arr_movements where day = '2025-04-05' and window = '1m' and amount != 0 order by movement;

-- An account without an exchange rate on one of the days is no fault either: no rate of the pound is known until 15 May, so Gorse's 1,000 pounds count from then on.
-- On 20 May they are in the month's opening as reported, 1,300 dollars, and not in the ARR of 20 April. Berg's 12,000 dollars are the other
-- way round: they were in the ARR of 15 December, and on 15 January they are left out.
insert into stored_contracts (contract_id, account_id, acv, currency, starts_on) values ('gorse', 'gorse', 1000, 'GBP', '2025-02-01');
insert into stored_fx_rates (currency, day, rate) values ('GBP', '2025-05-15', 1.30);
select * from arr_bridge where day = '2025-05-20' and window in ('1m', 'mtd') order by window;
select account_id, policy_change, unvalued, residual, cause from arr_bridge_detail where day = '2025-05-20' and window = '1m' and cause != '';
select * from arr_bridge where day = '2025-01-15' and window = '1m';
