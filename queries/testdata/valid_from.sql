-- A change that holds from a day on, as opposed to a correction, which holds for all days.

-- Some sources change a contract in place. Moss tries the product from January on and pays 1,200 from February on. Nest has paid 1,000 since
-- 2023, and pays 3,000 from May 2024 on. valid_from says from when on a row holds; a row without it holds from the first day of the contract.
insert into stored_contracts (contract_id, account_id, acv, starts_on, is_trial, valid_from, updated_at) values
    ('moss', 'moss', 1200, '2024-01-01', true,  '1970-01-01', '2024-01-01'),
    ('moss', 'moss', 1200, '2024-01-01', false, '2024-02-01', '2024-02-01'),
    ('nest', 'nest', 1000, '2023-01-01', false, '1970-01-01', '2023-01-01'),
    ('nest', 'nest', 3000, '2023-01-01', false, '2024-05-01', '2024-05-01');

-- By hand: 1,000 in January, with Moss 2,200 in February, 4,200 since May.
select day, amount, accounts from arr where day in ('2024-01-15', '2024-02-15', '2024-05-01') and segment = 'tech' order by day;

-- By hand, twelve months to the end of June: Nest paid 1,000 then and pays 3,000 now: 3.0. Moss is new with 1,200, Nest expanded by 2,000.
select ratio, opening_arr, closing_arr from nrr where day = '2024-06-30' and window = '12m' and segment = 'tech';
select movement, amount from arr_movements where day = '2024-06-30' and window = '12m' and amount != 0 order by movement;
-- In May alone, and not in June.
select day, movement, amount from arr_movements where day in ('2024-05-31', '2024-06-30') and window = '1m' and amount != 0 order by day, movement;

-- Moss has paid since February, so it is a customer of that day on.
select account_id, first_paid_on from account_days where day = '2024-06-30' order by account_id;

-- A correction: Nest's first price was 1,500 all along. By hand: 1,500 in January, and 3,000 / 1,500 = 2 over the twelve months.
insert into stored_contracts (contract_id, account_id, acv, starts_on, updated_at) values ('nest', 'nest', 1500, '2023-01-01', '2024-06-20');
select amount from arr where day = '2024-01-15' and segment = 'tech';
select ratio, opening_arr, closing_arr from nrr where day = '2024-06-30' and window = '12m' and segment = 'tech';

-- A contract is extended before it ends, in place: Olm's year ends on 1 June, and from 15 May on it is known to go on for another one, for more. By hand: no gap,
-- and nothing counts twice, whatever the days of grace: 800 until 14 May, 900 from then on.
insert into stored_settings (name, value) values ('grace_days', '30');
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, valid_from, updated_at) values
    ('olm', 'olm', 800, '2023-06-01', '2024-06-01', '1970-01-01', '2023-06-01'),
    ('olm', 'olm', 900, '2023-06-01', '2025-06-01', '2024-05-15', '2024-05-15');
select day, arr from account_days where account_id = 'olm' and day in ('2024-05-14', '2024-05-15', '2024-06-01', '2024-06-20') order by day;

-- Pine's is extended ten days after it ended. By hand: the grace counts it on until the extension holds, and not beside it.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, valid_from, updated_at) values
    ('pine', 'pine', 800, '2023-06-01', '2024-06-01', '1970-01-01', '2023-06-01'),
    ('pine', 'pine', 900, '2023-06-01', '2025-06-01', '2024-06-11', '2024-06-11');
select day, arr from account_days where account_id = 'pine' and day in ('2024-05-31', '2024-06-10', '2024-06-11', '2024-07-01') order by day;

-- Owners: in June somebody enters that Nest has been Lee's since March.
insert into stored_accounts (account_id, csm, updated_at) values ('nest', 'kim', '2023-01-01');
insert into stored_accounts (account_id, csm, valid_from, updated_at) values ('nest', 'lee', '2024-03-01', '2024-06-20');
select day, csm from account_days where account_id = 'nest' and day in ('2024-02-29', '2024-03-01', '2024-06-30') order by day;
