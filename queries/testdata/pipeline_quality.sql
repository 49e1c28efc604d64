-- Is the pipeline that CS generates won, or is it there for form's sake?

-- Six upsells. Won after 10, 20, 30 and 60 days, all in June; lost on 1 June; one is open. 2 was entered as won only on 5 July. 7 is
-- lost, and without an amount; it was decided on 30 May, the day on which the month begins.
insert into stored_opportunities (opportunity_id, account_id, kind, originated_by, amount, created_on, closed_on, is_won, updated_at) values
    ('1', 'acme', 'upsell', 'cs', 1000, '2024-06-01', '2024-06-11', true,  '2024-06-11'),
    ('2', 'acme', 'upsell', 'cs', 1000, '2024-06-01', null,         null,  '2024-06-01'),
    ('2', 'acme', 'upsell', 'cs', 1000, '2024-06-01', '2024-06-21', true,  '2024-07-05'),
    ('3', 'acme', 'upsell', 'cs', 1000, '2024-05-21', '2024-06-20', true,  '2024-06-20'),
    ('4', 'acme', 'upsell', 'cs', 1000, '2024-05-01', '2024-06-30', true,  '2024-06-30'),
    ('5', 'acme', 'upsell', 'cs', null, '2024-05-25', '2024-06-01', false, '2024-06-01'),
    ('6', 'acme', 'upsell', 'cs', 1000, '2024-06-05', null,         null,  '2024-06-05'),
    ('7', 'acme', 'upsell', 'cs', null, '2024-05-01', '2024-05-30', false, '2024-05-30');
-- Cross-sell: 8 is decided on 1 July, 9 was lost and opened again in July; 10 has an outcome without a day, 11 a day without an
-- outcome: both are open. 12 was booked after the fact: it took no time. 13 is AE's, 14 a renewal.
insert into stored_opportunities (opportunity_id, account_id, kind, originated_by, created_on, closed_on, is_won, updated_at) values
    ('8',  'acme', 'cross_sell', 'cs', '2024-01-01', '2024-07-01', true,  '2024-07-01'),
    ('9',  'acme', 'cross_sell', 'cs', '2024-01-01', '2024-06-15', false, '2024-06-15'),
    ('9',  'acme', 'cross_sell', 'cs', '2024-01-01', null,         null,  '2024-07-10'),
    ('10', 'acme', 'cross_sell', 'cs', '2024-01-01', null,         false, '2024-01-01'),
    ('11', 'acme', 'cross_sell', 'cs', '2024-01-01', '2024-02-01', null,  '2024-02-01'),
    ('12', 'acme', 'cross_sell', 'cs', '2024-06-20', '2024-06-18', true,  '2024-06-20'),
    ('13', 'acme', 'cross_sell', 'ae', '2024-06-20', '2024-06-28', true,  '2024-06-28'),
    ('14', 'acme', 'renewal',    'cs', '2024-06-20', '2024-06-28', true,  '2024-06-28');

-- By hand, at the end of 30 June 2024. Upsell, 1m: won 1, 2, 3, 4, lost 5: 4 of 5, 0.8; the median of 10, 20, 30, 60 days is 25 days, 2,160,000
-- seconds; created 1, 2 and 6, of them won 1 and 2. 3m and 12m: lost 5 and 7: 4 of 6; created all 7, won 4. Open 6.
-- Cross-sell: 12 won, 9 lost: 1 of 2, after 0 seconds; open 8, 10, 11; created in 12m 8 to 12, won 1 of 5.
select * from pipeline_quality where day = '2024-06-30' and kind in ('upsell', 'cross_sell') order by kind, window;
select kind, opportunity_id, won, lost, created, created_won, open_opportunities, cycle_seconds, decided_on
from pipeline_quality_detail where day = '2024-06-30' and window = '12m' order by kind, toUInt8(opportunity_id);

-- By hand, on 10 July 9 is open again and 8 is won, on 1 July, after 182 days; 1m to 10 July has 12 and 8: the median is 91 days, 7,862,400 seconds.
select * from pipeline_quality where day = '2024-07-10' and kind = 'cross_sell' and window = '1m';

-- By hand, kinds without any have zeros and no ratios.
select * from pipeline_quality where day = '2024-06-30' and kind = 'expand' order by kind, window;
