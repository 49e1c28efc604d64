-- A gap between contracts, with and without a grace period.

-- Acme's contract ends on 1 June 2024 and the next one, late, begins on 11 June. Birch's ends on 1 June and nothing follows.
-- Cedar's ends on 1 June, too, but it gave notice in April. Dune's paper is late by 40 days.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from, notice_on) values
    ('acme-1',  'acme',  1000, '2023-06-01', '2024-06-01', '',       null),
    ('acme-2',  'acme',  1200, '2024-06-11', '2025-06-11', 'acme-1', null),
    ('birch-1', 'birch', 2000, '2023-06-01', '2024-06-01', '',       null),
    ('cedar-1', 'cedar', 4000, '2023-06-01', '2024-06-01', '',       '2024-04-15'),
    ('dune-1',  'dune',  8000, '2023-06-01', '2024-06-01', '',       null),
    ('dune-2',  'dune',  8000, '2024-07-11', null,         'dune-1', null);

-- By hand, without grace: 15,000 on 31 May, nothing from 1 June on, 1,200 on 11 June. All four left, Acme and Dune came back.
select amount from arr where day = '2024-05-31' and segment = 'tech';
select amount from arr where day = '2024-06-01' and segment = 'tech';
select amount from arr where day = '2024-06-11' and segment = 'tech';
select account_id, churned_on, arr from churn_events where day = '2024-12-31' order by account_id;
select movement, amount, accounts from arr_movements where day = '2024-07-11' and window = '1m' and amount != 0;

-- The company allows 30 days from 2020 on. By hand:
--   10 June   Acme 1,000, Birch 2,000, Dune 8,000: 11,000; Cedar had given notice and counts no longer
--   11 June   Acme's next contract: 1,200 + 2,000 + 8,000 = 11,200, and 1,000 no longer
--   30 June   the 30th day: 11,200 still; 1 July: Acme alone, 1,200
insert into stored_settings (name, starts_on, value) values ('grace_days', '2020-01-01', '30');
select amount from arr where day = '2024-06-10' and segment = 'tech';
select amount from arr where day = '2024-06-11' and segment = 'tech';
select amount from arr where day = '2024-06-30' and segment = 'tech';
select amount from arr where day = '2024-07-01' and segment = 'tech';

-- By hand: Acme never left. Birch and Dune left on 1 July, when the grace was over; Cedar on 1 June, the contract's end.
select account_id, churned_on, arr from churn_events where day = '2024-12-31' order by account_id;

-- By hand: what was said in June stays, although by now we know that Birch never came back: no peeking, either way. 9,200 / 11,200 a month later.
select window, opening_arr, closing_arr, round(ratio, 4) as ratio from nrr where day = '2024-07-30' and segment = 'tech' and window = '1m';
select window, residual from arr_bridge where day = '2024-07-30' order by window;

-- Elm's contract ended on 1 August; within the grace, on 11 August, it gives notice. By hand: it counts until the day before its notice.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, notice_on) values ('elm', 'elm', 16000, '2023-08-01', '2024-08-01', '2024-08-11');
select sum(amount) as elm from arr_detail where day = '2024-08-10' and account_id = 'elm';
select sum(amount) as elm from arr_detail where day = '2024-08-11' and account_id = 'elm';
