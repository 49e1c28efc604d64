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
