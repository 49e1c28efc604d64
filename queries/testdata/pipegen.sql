-- How much pipeline did Customer Success generate?

-- Acme is high touch. Birch paid 20,000 a year ago and left in March: it stood in low touch. Cedar paid from 2024-01-01 to
-- 2024-04-01 only, and Dune never did: tech. Test is a test account.
insert into stored_accounts (account_id, csm, is_test, updated_at) values
    ('acme', 'kim', false, '2023-01-01'), ('birch', 'lee', false, '2023-01-01'), ('test', 'kim', true, '2023-01-01');
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('acme-1',  'acme',  120000, '2023-01-01', '2025-01-01'),
    ('birch-1', 'birch', 20000,  '2023-01-01', '2024-03-01'),
    ('cedar-1', 'cedar', 20000,  '2024-01-01', '2024-04-01'),
    ('test-1',  'test',  90000,  '2023-01-01', '2025-01-01');
insert into stored_fx_rates (currency, day, rate) values ('EUR', '2024-01-01', 1.25);

-- 1 was created with 8,000 euros and grew to 30,000 dollars by its end: 10,000 at creation. 2 had no amount at first: it counts,
-- with 0. 3 was created on 30 May, the day on which the month begins, so it is in three months only; 4 on 30 June; 5 on 1 July.
-- 6 was created on 30 June 2023, the day on which the twelve months begin, and 7 a day later.
insert into stored_opportunities (opportunity_id, account_id, kind, originated_by, amount, currency, created_on, closed_on, is_won, updated_at) values
    ('1', 'acme',  'upsell',     'cs', 8000,  'EUR', '2024-06-10', null,         null, '2024-06-10 09:00:00'),
    ('1', 'acme',  'upsell',     'cs', 30000, '',    '2024-06-10', '2024-06-20', true, '2024-06-20 09:00:00'),
    ('2', 'acme',  'upsell',     'cs', null,  '',    '2024-06-11', null,         null, '2024-06-11 09:00:00'),
    ('2', 'acme',  'upsell',     'cs', 5000,  '',    '2024-06-11', null,         null, '2024-06-12 09:00:00'),
    ('3', 'birch', 'extension',  'cs', 400,   '',    '2024-05-30', null,         null, '2024-05-30 09:00:00'),
    ('4', 'cedar', 'cross_sell', 'cs', 300,   '',    '2024-06-30', null,         null, '2024-06-30 09:00:00'),
    ('5', 'acme',  'upsell',     'cs', 77,    '',    '2024-07-01', null,         null, '2024-07-01 09:00:00'),
    ('6', 'acme',  'expand',     'cs', 66,    '',    '2023-06-30', null,         null, '2023-06-30 09:00:00'),
    ('7', 'dune',  'expand',     'cs', 200,   '',    '2023-07-01', null,         null, '2023-07-01 09:00:00');
-- Not CS, no expansion, a test account, and an opportunity whose kind was corrected from renewal to upsell.
insert into stored_opportunities (opportunity_id, account_id, kind, originated_by, amount, created_on, updated_at) values
    ('8',  'acme', 'upsell',  'ae', 1000, '2024-06-01', '2024-06-01'),
    ('9',  'acme', 'upsell',  '',   1000, '2024-06-01', '2024-06-01'),
    ('10', 'acme', 'land',    'cs', 1000, '2024-06-01', '2024-06-01'),
    ('11', 'acme', 'renewal', 'cs', 1000, '2024-06-01', '2024-06-01'),
    ('12', 'test', 'upsell',  'cs', 1000, '2024-06-01', '2024-06-01'),
    ('13', 'acme', 'renewal', 'cs', 50,   '2024-06-02', '2024-06-02'),
    ('13', 'acme', 'upsell',  'cs', 60,   '2024-06-02', '2024-06-05');

-- By hand, at the end of 30 June 2024: high, upsell: 1, 2 and 13 in all windows, 10,000 + 0 + 50. Low, extension: 3 in 3m and 12m,
-- 400. Tech, cross_sell: 4 in all, 300; expand: 7 in 12m, 200.
select * from pipegen where day = '2024-06-30' and opportunities > 0 order by segment, kind, window;
select count() as series, sum(opportunities = 0) as zeros from pipegen where day = '2024-06-30';
select segment, kind, opportunity_id, account_id, amount, csm, created_on, created_amount, created_currency
from pipegen_detail where day = '2024-06-30' and window = '12m' order by segment, opportunity_id;

-- By hand: on 4 June 13 is still what it was on 2 June, a renewal, and the twelve months have 6 as well.
select * from pipegen where day = '2024-06-04' and opportunities > 0 order by segment, kind, window;

-- What is in a currency without a rate is left out, never taken at 1; where there is no amount, no rate is needed.
insert into stored_opportunities (opportunity_id, account_id, kind, originated_by, amount, currency, created_on, updated_at) values
    ('14', 'acme', 'upsell', 'cs', null, 'JPY', '2024-06-01', '2024-06-01');
select sum(opportunities) as opportunities from pipegen where day = '2024-06-30' and window = '1m';
insert into stored_opportunities (opportunity_id, account_id, kind, originated_by, amount, currency, created_on, updated_at) values
    ('15', 'acme', 'upsell', 'cs', 100, 'JPY', '2024-06-01', '2024-06-01');
select sum(opportunities) as opportunities from pipegen where day = '2024-06-30' and window = '1m';
