-- Customers who cancel, pause, try, and come back.

-- Acme gives notice on 1 March for the end of June. By hand: it pays until then; committed ARR falls at once, on 1 March.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, notice_on, updated_at) values
    ('acme', 'acme', 10000, '2023-07-01', '2024-07-01', '2024-03-01', '2024-03-01 10:00:00');
select amount, contracted_amount from arr where day = '2024-02-29' and segment = 'low';
select amount, contracted_amount from arr where day = '2024-03-01' and segment = 'low';
select amount, contracted_amount, accounts from arr where day = '2024-07-01' and segment = 'low';

-- In May it changes its mind: the source takes the notice back and extends the contract by a year.
-- By hand: all as if nothing had been; no churn in July.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, notice_on, updated_at) values
    ('acme', 'acme', 10000, '2023-07-01', '2025-07-01', null, '2024-05-20 10:00:00');
select amount, contracted_amount from arr where day = '2024-03-01' and segment = 'low';
select amount, contracted_amount from arr where day = '2024-07-01' and segment = 'low';
select count() as churns from churn_events where day = '2024-12-31';

-- Birch, too, cancels for the end of June, and signs a new contract from July on before the old one ends.
-- By hand: the old contract's notice does not matter once the new one has begun, and there is no churn: 10,000, then 9,000.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, notice_on, renewed_from) values
    ('birch-1', 'birch', 10000, '2023-07-01', '2024-07-01', '2024-03-01', ''),
    ('birch-2', 'birch', 9000,  '2024-07-01', '2025-07-01', null,         'birch-1');
select sum(amount) as amount, sum(contracted_amount) as contracted_amount from arr where day = '2024-06-30';
select sum(amount) as amount, sum(contracted_amount) as contracted_amount from arr where day = '2024-07-01';
select movement, amount from arr_movements where day = '2024-07-31' and window = '3m' and amount != 0;

-- Cedar tries for a month and then buys. By hand: nothing during the trial; new in February; its cohort is that of February, not of the trial.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, is_trial, renewed_from) values
    ('cedar-1', 'cedar', 1000, '2023-12-20', '2024-02-01', true,  ''),
    ('cedar-2', 'cedar', 1000, '2024-02-01', null,         false, 'cedar-1');
select sum(amount) as arr, sum(accounts) as accounts from arr where day = '2024-01-31';
select movement, amount from arr_movements where day = '2024-02-29' and window = '1m' and amount != 0;
select distinct cohort, accounts from cohorts where day = '2024-12-31';

-- Dune pays, and tries a second product that it would replace the first one with. By hand: a trial replaces nothing.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, is_trial, renewed_from) values
    ('dune-1', 'dune', 1000, '2024-01-01', '2025-01-01', false, ''),
    ('dune-2', 'dune', 5000, '2024-06-01', '2024-07-01', true,  'dune-1');
select sum(amount) as arr from arr where day = '2024-06-15';

-- Elm pauses from April to June 2024. By hand: churn when the pause begins, and reactivation when it ends; over twelve months
-- it paid at both ends, so nothing moved and nobody was lost.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('elm-1', 'elm', 1000, '2023-01-01', '2024-04-01'),
    ('elm-2', 'elm', 1000, '2024-07-01', null);
select movement, amount from arr_movements where day = '2024-04-30' and window = '1m' and amount != 0;
select movement, amount from arr_movements where day = '2024-07-31' and window = '1m' and amount != 0;
select count() as movements from arr_movements where day = '2024-12-31' and window = '12m' and amount != 0;
select opening_accounts, lost_accounts from logo_churn where day = '2024-12-31' and segment = 'tech' and window = '12m';

-- Fir left in 2022 and comes back in 2024. By hand: reactivation, not new; won back is in no retention of the year.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('fir-1', 'fir', 3000, '2021-01-01', '2022-01-01'),
    ('fir-2', 'fir', 2000, '2024-03-01', null);
select movement, amount from arr_movements where day = '2024-12-31' and window = '12m' and amount != 0;
select ratio, opening_arr from nrr where day = '2024-12-31' and segment = 'tech' and window = '12m';
