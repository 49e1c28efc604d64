-- What was sold, at which price, and how often is it charged? Seats count wherever they were sold; what is charged once is no ARR.

-- Fern pays for a platform of no seats, and got 20 seats on a line of its own that costs nothing. It was set up for 8,000, charged once, which the
-- source states as a contract of a year. It also tries another product with 5 seats, which are not sold.
-- Gorse got 3 seats for nothing and pays nothing: it is no customer.
insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before, is_trial, is_one_off) values
    ('1', 'fern',  'platform', 0,  12000, '2024-01-01', '2025-01-01', false, false),
    ('2', 'fern',  'seats',    20, 0,     '2024-02-01', '2025-01-01', false, false),
    ('3', 'fern',  'set-up',   0,  8000,  '2024-01-01', '2025-01-01', false, true),
    ('4', 'fern',  'plus',     5,  6000,  '2024-03-01', '2024-09-01', true,  false),
    ('5', 'gorse', 'seats',    3,  0,     '2024-01-01', null,         false, false);

-- By hand: ARR of 12,000 and 20 seats, on two rows that add up to it, the platform and the free line; nothing of the set-up, which has no seats.
select amount, contracted_amount, accounts, seats from arr where day = '2024-06-30' and segment = 'low';
select account_id, contract_id, amount, accounts, seats, acv from arr_detail where day = '2024-06-30' order by account_id, contract_id;
-- In January the seats are not sold yet.
select amount, accounts, seats from arr where day = '2024-01-31' and segment = 'low';

-- Half of the seats are used. By hand: 10 users of 20 seats.
insert into stored_usage_events (event_id, account_id, user_id, event, ts) select toString(number), 'fern', concat('u', toString(number)), 'open', '2024-06-20 10:00:00' from numbers(10);
select seat_ratio, seats_used, seats from usage where day = '2024-06-30' and segment = 'low';

-- A year later the platform is renewed, and the seats are not. What was charged once does not churn: by hand, NRR is 12,000 of 12,000.
insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before, renewed_from) values ('6', 'fern', 'platform', 0, 12000, '2025-01-01', '2026-01-01', '1');
select amount, accounts, seats from arr where day = '2025-06-30' and segment = 'low';
select ratio, opening_arr, closing_arr from nrr where day = '2025-06-30' and segment = 'low' and window = '12m';
