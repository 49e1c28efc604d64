-- Movements of ARR: one per account and window, ups and downs netted.

-- Nova is new in March.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('nova', 'nova', 20000, '2024-03-01', null);

-- Echo renews at a higher price in July.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('echo-1', 'echo', 50000, '2023-07-01', '2024-07-01', ''),
    ('echo-2', 'echo', 80000, '2024-07-01', '2025-07-01', 'echo-1');

-- Kilo gives up one of its two contracts in November: it pays less, but it has not left.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('kilo-1', 'kilo', 'core',    120000, '2023-01-01', null),
    ('kilo-2', 'kilo', 'reports', 30000,  '2023-01-01', '2024-11-01');

-- Lima's last day is 30 November: it still pays at the start of the last month, and leaves within it.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('lima', 'lima', 8000, '2023-01-01', '2024-12-01');

-- Romeo left in July 2023 and comes back in October 2024: won back, not new.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('romeo-1', 'romeo', 15000, '2022-01-01', '2023-07-01'),
    ('romeo-2', 'romeo', 12000, '2024-10-15', null);

-- Uma buys 5,000 more of the core product in May, and drops another one of 2,000 in June.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, renewed_from) values
    ('uma-1', 'uma', 'core', 20000, '2023-05-01', '2024-05-01', ''),
    ('uma-2', 'uma', 'core', 25000, '2024-05-01', null,         'uma-1'),
    ('uma-3', 'uma', 'chat', 2000,  '2023-06-01', '2024-06-01', '');

-- Juno joins in February and leaves in August.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('juno', 'juno', 10000, '2024-02-01', '2024-08-01');

-- By hand, at the end of 2024:
--   12m  new         low    20,000  Nova
--        expansion   low    33,000  Echo 30,000, Uma 5,000 - 2,000
--        contraction high  -30,000  Kilo, who paid 150,000
--        churn       tech   -8,000  Lima
--        reactivation low   12,000  Romeo
--        (Juno came and went within the twelve months: nothing)
--   3m   contraction -30,000, churn -8,000, reactivation 12,000
--   1m   churn -8,000
select * from arr_movements where day = '2024-12-31' and amount != 0 order by window, movement;

-- By hand, the accounts of the twelve months, product by product; Uma's two changes are one movement, an expansion, and both
-- stand under it.
select movement, account_id, product, opening, amount, closing, accounts from arr_movements_detail
where day = '2024-12-31' and window = '12m' order by movement, account_id, product;

-- By hand: 50,000 + 150,000 + 8,000 + 22,000 = 230,000 at the end of 2023, plus 20,000 + 33,000 - 30,000 - 8,000 + 12,000 =
-- 27,000, is 80,000 + 120,000 + 20,000 + 12,000 + 25,000 = 257,000 at the end of 2024.
select
    (select sum(amount) from arr where day = '2023-12-31') as opening,
    (select sum(amount) from arr_movements where day = '2024-12-31' and window = '12m') as movements,
    (select sum(amount) from arr where day = '2024-12-31') as closing;

-- What did not move is there as zero: 3 segments, 6 windows, 6 movements: 108. At the end of a year mtd, qtd and ytd are what 1m, 3m and 12m are.
select count() as series, countIf(amount = 0) as zero from arr_movements where day = '2024-12-31';
