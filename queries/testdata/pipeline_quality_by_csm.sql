-- Whose pipeline is won?

insert into stored_fx_rates (currency, day, rate) values ('EUR', '2024-01-01', 1.25);
-- Kim creates much, and little of it is won: 1 at 400 of 1,000. Lee wins what she creates; 5 in euros, created long ago. 6 is AE's.
insert into stored_opportunities (opportunity_id, account_id, kind, originated_by, csm, amount, currency, created_on, closed_on, is_won, updated_at) values
    ('1', 'acme', 'upsell',    'cs', 'kim', 1000, '',    '2024-06-01', null,         null,  '2024-06-01'),
    ('1', 'acme', 'upsell',    'cs', 'kim', 400,  '',    '2024-06-01', '2024-06-20', true,  '2024-06-20'),
    ('2', 'acme', 'upsell',    'cs', 'kim', 5000, '',    '2024-06-01', '2024-06-20', false, '2024-06-20'),
    ('3', 'acme', 'extension', 'cs', 'kim', 6000, '',    '2024-06-01', '2024-06-20', false, '2024-06-20'),
    ('4', 'acme', 'upsell',    'cs', 'kim', 7000, '',    '2024-06-01', null,         null,  '2024-06-01'),
    ('5', 'acme', 'expand',    'cs', 'lee', 800,  'EUR', '2023-01-01', '2024-06-20', true,  '2024-06-20'),
    ('6', 'acme', 'upsell',    'ae', 'lee', 9999, '',    '2024-06-01', '2024-06-20', true,  '2024-06-20');

-- By hand, at the end of 30 June 2024, all windows: Kim won 1 of 3, 400 of the 19,000 created; Lee won 1 of 1, 1,000, created nothing.
select * from pipeline_quality_by_csm where day = '2024-06-30' order by csm, window;
select csm, opportunity_id, won, lost, created, won_amount, created_amount, decided_on
from pipeline_quality_by_csm_detail where day = '2024-06-30' and window = '1m' order by csm, opportunity_id;
