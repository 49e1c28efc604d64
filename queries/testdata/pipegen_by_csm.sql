-- Which CSM generated how much pipeline?

-- Kim handed Acme over to Lee on 15 June at 12:00. Nobody owns Birch.
insert into stored_accounts (account_id, csm, updated_at) values
    ('acme', 'kim', '2023-01-01'), ('acme', 'lee', '2024-06-15 12:00:00'), ('birch', '', '2023-01-01');

-- 1 names Ada, also when Lee is written in later. 2 to 4 name nobody: the owner at the end of the day, on the 14th Kim, on the 15th
-- Lee. 5 names its CSM only in a later version. 6 is Kim's, 100 days ago.
insert into stored_opportunities (opportunity_id, account_id, kind, originated_by, csm, amount, created_on, updated_at) values
    ('1', 'acme',  'upsell',     'cs', 'ada', 1000, '2024-06-10', '2024-06-10'),
    ('1', 'acme',  'upsell',     'cs', 'lee', 3000, '2024-06-10', '2024-06-20'),
    ('2', 'acme',  'upsell',     'cs', '',    200,  '2024-06-14', '2024-06-14'),
    ('3', 'acme',  'cross_sell', 'cs', '',    40,   '2024-06-15', '2024-06-15'),
    ('4', 'birch', 'expand',     'cs', '',    8,    '2024-06-15', '2024-06-15'),
    ('5', 'birch', 'expand',     'cs', '',    5,    '2024-06-16', '2024-06-16'),
    ('5', 'birch', 'expand',     'cs', 'ada', 6,    '2024-06-16', '2024-06-17'),
    ('6', 'acme',  'extension',  'cs', 'kim', 70,   '2024-03-22', '2024-03-22');

-- By hand, at the end of 30 June 2024: Ada 1,005 in all windows; Kim 200 in 1m and 3m, 270 in 12m; Lee 40; nobody 8.
select * from pipegen_by_csm where day = '2024-06-30' order by csm, window;
select csm, opportunity_id, account_id, amount, kind, created_on
from pipegen_by_csm_detail where day = '2024-06-30' and window = '12m' order by csm, opportunity_id;

-- By hand, five months later Ada, Lee and nobody have nothing new in 1m and 3m.
select * from pipegen_by_csm where day = '2024-11-30' and opportunities > 0 order by csm, window;
