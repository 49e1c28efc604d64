-- Edges of the fiscal year. Ours begins in April; we report in dollars.
insert into stored_settings (name, value) values ('fiscal_year_start', '4');

-- A euro is 1.00 dollars in FY24 (from April 2023) and 1.50 in FY25. Berg pays 10,000 euros all the time.
insert into stored_fx_rates (currency, day, rate) values ('EUR', '2023-04-01', 1.00), ('EUR', '2024-04-01', 1.50);
insert into stored_contracts (contract_id, account_id, acv, currency, starts_on) values ('berg', 'berg', 10000, 'EUR', '2023-04-01');

-- By hand: 10,000 on 31 March, 15,000 on 1 April.
select sum(amount) as arr from arr where day = '2024-03-31';
select sum(amount) as arr from arr where day = '2024-04-01';

-- By hand, the month to 30 April, which begins on 30 March in FY24: 5,000 of currency, and nothing else.
-- The month to 31 May begins on 30 April in FY25: nothing.
select movement, amount from arr_movements where day = '2024-04-30' and window = '1m' and amount != 0;
select count() as movements from arr_movements where day = '2024-05-31' and window = '1m' and amount != 0;

-- By hand: at constant exchange rates Berg is worth as much as ever, 15,000 / 15,000.
select segment, ratio, opening_arr, closing_arr from nrr where day = '2024-04-30' and window = '1m' and accounts > 0;

-- Acme's last day is 31 March 2024, the last of FY24: it still pays when the year closes, so it left in FY25.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values ('acme', 'acme', 1000, '2023-04-01', '2024-04-01');
select sum(amount) as arr from arr where day = '2024-03-31';
select fiscal_year, accounts, arr from churn_reasons where day = '2024-04-01';

-- By hand: the twelve months to 31 March 2025 are FY25 exactly, so they hold Acme's churn; those to 31 March 2024 do not.
select lost_accounts, opening_accounts from logo_churn where day = '2025-03-31' and segment = 'tech' and window = '12m';
select lost_accounts from logo_churn where day = '2024-03-31' and segment = 'tech' and window = '12m';
