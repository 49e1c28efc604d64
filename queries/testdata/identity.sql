-- Which rows are the same contract, and whose it is.

-- The file is imported twice. By hand: 1,000, not 2,000.
insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('c1', 'acme', 1000, '2024-01-01');
insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('c1', 'acme', 1000, '2024-01-01');
select sum(amount) as arr, sum(accounts) as accounts from arr where day = '2024-06-30';

-- The price is corrected; an old export that arrives after that changes nothing. By hand: 3,000, for all of the contract's days.
insert into stored_contracts (contract_id, account_id, acv, starts_on, updated_at) values ('c1', 'acme', 3000, '2024-01-01', '2100-01-01 00:00:00');
insert into stored_contracts (contract_id, account_id, acv, starts_on, updated_at) values ('c1', 'acme', 9000, '2024-01-01', '2001-01-01 00:00:00');
select sum(amount) as arr from arr where day = '2024-01-01';
select sum(amount) as arr from arr where day = '2024-06-30';

-- Another system happens to number its contracts alike. By hand: two contracts, 3,000 + 500; and a renewal is looked for within
-- its own system, so crm's c2 replaces crm's c1 and not the other one: 3,000 + 700 from July on.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, renewed_from, source) values
    ('c1', 'acme', 'mail', 500, '2024-01-01', '2025-01-01', '',   'crm'),
    ('c2', 'acme', 'mail', 700, '2024-07-01', '2025-07-01', 'c1', 'crm');
select source, contract_id, amount from arr_detail where day = '2024-06-30' order by source, contract_id;
select source, contract_id, amount from arr_detail where day = '2024-07-01' order by source, contract_id;

-- Birch buys Acme, and the accounts are merged: the contracts now belong to Birch. By hand: Acme did not churn and Birch did not expand;
-- Birch has paid it all along.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, updated_at) values
    ('a', 'acme', 'core', 20000, '2023-01-01', '2023-01-01 00:00:00'), ('b', 'birch', 'core', 90000, '2023-01-01', '2023-01-01 00:00:00');
select segment, opening_arr, closing_arr, accounts from nrr where day = '2024-06-30' and window = '12m' and accounts > 0;
insert into stored_contracts (contract_id, account_id, product, department, acv, starts_on, updated_at) values
    ('a', 'birch', 'core', 'acme', 20000, '2023-01-01', '2024-05-01 00:00:00');
select segment, opening_arr, closing_arr, accounts from nrr where day = '2024-06-30' and window = '12m' and accounts > 0;
select count() as movements from arr_movements where day = '2024-06-30' and window = '12m' and amount != 0;

-- By hand: an account that nobody has described counts (both here do), and is a violation of quality.
select check, violations from quality where day = '2024-06-30' and violations > 0;

-- Birch turns out to be a test account of ours. By hand: it is in no KPI, of no day; and back again when that was a mistake.
insert into stored_accounts (account_id, is_test, updated_at) values ('birch', true, '2024-06-01 00:00:00');
select sum(amount) as arr from arr where day = '2024-06-30';
select sum(amount) as arr from arr where day = '2023-06-30';
select sum(due_contracts) as due, sum(renewed_contracts) as renewed from renewal_rate where day = '2024-06-30';
insert into stored_accounts (account_id, is_test, updated_at) values ('birch', false, '2024-06-02 00:00:00');
select sum(amount) as arr from arr where day = '2024-06-30';
