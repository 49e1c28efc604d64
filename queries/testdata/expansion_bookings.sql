-- What expansion was won?

insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('acme-1', 'acme', 120000, '2023-01-01', '2025-01-01'), ('birch-1', 'birch', 20000, '2023-01-01', '2025-01-01');
insert into stored_fx_rates (currency, day, rate) values ('EUR', '2023-01-01', 1.10), ('EUR', '2024-01-01', 1.25);

-- 1 is CS's, won at 600 of 1,000. 2 is AE's, in euros, won in September at 800: 1,000 at this year's rate. 3 was won without an amount,
-- 4 lost, 5 is won tomorrow; 6 and 7 are no expansion. 8 was won on 30 May, the day on which the month begins.
insert into stored_opportunities (opportunity_id, account_id, kind, originated_by, amount, currency, created_on, closed_on, is_won, updated_at) values
    ('1', 'acme',  'upsell',     'cs', 1000, '',    '2024-05-01', null,         null,  '2024-05-01'),
    ('1', 'acme',  'upsell',     'cs', 600,  '',    '2024-05-01', '2024-06-20', true,  '2024-06-20'),
    ('2', 'acme',  'upsell',     'ae', 800,  'EUR', '2023-05-01', '2023-09-20', true,  '2023-09-20'),
    ('3', 'birch', 'extension',  '',   null, '',    '2024-05-01', '2024-06-30', true,  '2024-06-30'),
    ('4', 'birch', 'extension',  'cs', 500,  '',    '2024-05-01', '2024-06-20', false, '2024-06-20'),
    ('5', 'birch', 'extension',  'cs', 500,  '',    '2024-05-01', '2024-07-01', true,  '2024-07-01'),
    ('6', 'acme',  'land',       'cs', 500,  '',    '2024-05-01', '2024-06-20', true,  '2024-06-20'),
    ('7', 'acme',  'renewal',    'cs', 500,  '',    '2024-05-01', '2024-06-20', true,  '2024-06-20'),
    ('8', 'birch', 'cross_sell', 'cs', 40,   '',    '2024-05-01', '2024-05-30', true,  '2024-05-30');

-- By hand, at the end of 30 June 2024: high, upsell: 1m and 3m 600, CS's; 12m 1,600, 600 of it CS's. Low, extension: 1, without an amount, in all
-- windows; cross_sell: 40 in 3m and 12m.
select * from expansion_bookings where day = '2024-06-30' and opportunities > 0 order by segment, kind, window;
select segment, kind, opportunity_id, amount, originated_amount, originated_by, decided_on
from expansion_bookings_detail where day = '2024-06-30' and window = '12m' order by segment, opportunity_id;
