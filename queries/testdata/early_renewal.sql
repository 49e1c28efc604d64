-- Contracts that overlap, and renewals that begin before the old contract ends.

-- Acme renews early on 1 October; its old contract ran to the end of the year.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('acme-1', 'acme', 10000, '2024-01-01', '2025-01-01', ''),
    ('acme-2', 'acme', 15000, '2024-10-01', '2025-10-01', 'acme-1');

-- By hand: 10,000 on 30 September, 15,000 from 1 October on, never 25,000; an expansion of 5,000 by one customer, and no churn at the year's end.
select sum(amount) as arr, sum(accounts) as accounts from arr where day = '2024-09-30';
select sum(amount) as arr, sum(accounts) as accounts from arr where day = '2024-10-01';
select movement, amount, accounts from arr_movements where day = '2024-12-31' and window = '3m' and amount != 0;
select count() as movements from arr_movements where day = '2025-01-31' and window = '1m' and amount != 0;

-- By hand: it counts as renewed when it would have been due, on 1 January 2025: not yet in December.
select due_contracts, renewed_contracts from renewal_rate where day = '2024-12-31' and segment = 'low' and window = '3m';
select due_contracts, renewed_contracts from renewal_rate where day = '2025-01-01' and segment = 'low' and window = '3m';

-- Acme's renewal itself ends early, at the end of November. By hand: the old contract does not come back to life; December is churn.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from, updated_at) values
    ('acme-2', 'acme', 15000, '2024-10-01', '2024-12-01', 'acme-1', '2100-01-01 00:00:00');
select sum(amount) as arr from arr where day = '2024-11-30';
select sum(amount) as arr from arr where day = '2024-12-01';

-- Birch has two contracts for the same thing that overlap by three months, and the source does not say that one replaces the other.
-- By hand: both count, 10,000 + 12,000, and the data's quality says so.
truncate table stored_contracts;
insert into stored_accounts (account_id) values ('birch');
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('birch-1', 'birch', 10000, '2024-01-01', '2025-01-01'),
    ('birch-2', 'birch', 12000, '2024-10-01', '2025-10-01');
select sum(amount) as arr, sum(accounts) as accounts from arr where day = '2024-11-30';
select check, id, reason from quality_detail where day = '2024-11-30';

-- One contract of Cedar's is split in two, both named as renewals of it. By hand: 10,000, then 6,000 + 7,000; 10,000 of 10,000 are renewed.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, renewed_from) values
    ('cedar-1', 'cedar', 'suite', 10000, '2024-01-01', '2025-01-01', ''),
    ('cedar-2', 'cedar', 'core',  6000,  '2025-01-01', '2026-01-01', 'cedar-1'),
    ('cedar-3', 'cedar', 'mail',  7000,  '2025-01-01', '2026-01-01', 'cedar-1');
select sum(amount) as arr from arr where day = '2024-12-31';
select sum(amount) as arr from arr where day = '2025-01-01';
select due_arr, renewed_arr from renewal_rate where day = '2025-01-31' and segment = 'low' and window = '1m';

-- Dune signs a renewal for October, to replace its contract early, and withdraws before it begins: the source ends it on its first day.
-- By hand: it never took effect, so the old contract goes on to the year's end, 10,000 in October, and was not renewed by it: 0 of 1.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('dune-1', 'dune', 10000, '2024-01-01', '2025-01-01', ''),
    ('dune-2', 'dune', 15000, '2024-10-01', '2024-10-01', 'dune-1');
select sum(amount) as arr from arr where day = '2024-10-31';
select renewed_contracts, due_contracts from renewal_rate where day = '2025-02-15' and segment = 'low' and window = '3m';
