-- Are the planned expands won?

-- All six were planned for 15 June at 1,000. 1 was won on time, 2 a week late and smaller, 3 lost; 4 is open; 5 was moved to September and is
-- open; 6 was won in April already. 7 is planned for 1 July.
insert into stored_opportunities (opportunity_id, account_id, kind, originated_by, amount, created_on, expected_on, closed_on, is_won, updated_at) values
    ('1', 'a1', 'expand', 'cs', 1000, '2024-01-10', '2024-06-15', '2024-06-15', true,  '2024-06-15'),
    ('2', 'a2', 'expand', 'ae', 1000, '2024-01-10', '2024-06-15', null,         null,  '2024-01-10'),
    ('2', 'a2', 'expand', 'ae', 700,  '2024-01-10', '2024-06-22', '2024-06-22', true,  '2024-06-22'),
    ('3', 'a3', 'expand', 'cs', 1000, '2024-01-10', '2024-06-15', '2024-06-10', false, '2024-06-10'),
    ('4', 'a4', 'expand', 'cs', 1000, '2024-01-10', '2024-06-15', null,         null,  '2024-01-10'),
    ('5', 'a5', 'expand', 'cs', 1000, '2024-01-10', '2024-06-15', null,         null,  '2024-01-10'),
    ('5', 'a5', 'expand', 'cs', 1000, '2024-01-10', '2024-09-30', null,         null,  '2024-06-01'),
    ('6', 'a6', 'expand', 'cs', 1000, '2024-01-10', '2024-06-15', '2024-04-02', true,  '2024-04-02'),
    ('7', 'a7', 'expand', 'cs', 1000, '2024-01-10', '2024-07-01', null,         null,  '2024-01-10');
-- No day was planned: 8 was won and 9 lost in February, 10 is open. 11 is no expand.
insert into stored_opportunities (opportunity_id, account_id, kind, originated_by, amount, created_on, closed_on, is_won, updated_at) values
    ('8',  'a8',  'expand', 'cs', 500,  '2024-01-10', '2024-02-10', true,  '2024-02-10'),
    ('9',  'a9',  'expand', 'cs', null, '2024-01-10', '2024-02-10', false, '2024-02-10'),
    ('10', 'a10', 'expand', 'cs', 500,  '2024-01-10', null,         null,  '2024-01-10'),
    ('11', 'a11', 'upsell', 'cs', 500,  '2024-01-10', '2024-02-10', true,  '2024-02-10');

-- By hand, at the end of 30 June 2024: 1m and 3m: 6 planned for 6,000, won 1, 2 and 6 for 2,700, on time 1 and 6: 3 of 6. 12m: 8 and 9 as well: 4 of 8,
-- 6,500 planned, 3,200 won, 3 on time.
select * from land_expand where day = '2024-06-30' order by window;
select opportunity_id, planned_expands, won_expands, on_time_expands, planned_amount, won_amount, planned_on, decided_on
from land_expand_detail where day = '2024-06-30' and window = '12m' order by toUInt8(opportunity_id);

-- By hand, on 18 June, 2 is not won yet: 2 of 6 in the month. On 10 June nothing was planned by then but 8 and 9, in twelve months.
select * from land_expand where day = '2024-06-18' and window = '1m';
select * from land_expand where day = '2024-06-10' order by window;
