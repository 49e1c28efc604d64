-- Would customers recommend us?

insert into stored_accounts (account_id, is_test, updated_at) values ('acme', false, '2023-01-01'), ('test', true, '2023-01-01');
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('acme-1', 'acme', 120000, '2023-01-01', '2025-01-01'), ('birch-1', 'birch', 20000, '2023-01-01', '2024-05-01');

-- Acme: u1 said 3 in May and 9 in June: 9 counts. u2 8, u3 10, u4 6, u5 0. u6 answered 10, then 11, which is no answer. u7 will say 0 on 1 July.
-- u8 answered on 2 April, 89 days ago; u9 on 1 April, 90 days ago: too long.
insert into stored_surveys (response_id, account_id, user_id, kind, score, responded_at) values
    ('1',  'acme', 'u1', 'nps', 3,  '2024-05-10 09:00:00'), ('2',  'acme', 'u1', 'nps', 9,  '2024-06-10 09:00:00'),
    ('3',  'acme', 'u2', 'nps', 8,  '2024-06-10 09:00:00'), ('4',  'acme', 'u3', 'nps', 10, '2024-06-10 09:00:00'),
    ('5',  'acme', 'u4', 'nps', 6,  '2024-06-10 09:00:00'), ('6',  'acme', 'u5', 'nps', 0,  '2024-06-30 23:59:59.999'),
    ('7',  'acme', 'u6', 'nps', 10, '2024-06-10 09:00:00'), ('8',  'acme', 'u6', 'nps', 11, '2024-06-11 09:00:00'),
    ('9',  'acme', 'u7', 'nps', 10, '2024-06-10 09:00:00'), ('10', 'acme', 'u7', 'nps', 0,  '2024-07-01 00:00:00'),
    ('11', 'acme', 'u8', 'nps', 7,  '2024-04-02 00:00:00'), ('12', 'acme', 'u9', 'nps', 10, '2024-04-01 23:59:59');
-- Birch left in May and stood in low touch a year ago: u1 of Birch is another person than u1 of Acme; two answers have no respondent. Cedar never paid.
-- CSAT is another question, and Test a test account.
insert into stored_surveys (response_id, account_id, user_id, kind, score, responded_at) values
    ('13', 'birch', 'u1', 'nps',  2,  '2024-06-10 09:00:00'), ('14', 'birch', '', 'nps', 9, '2024-06-10 09:00:00'),
    ('15', 'birch', '',   'nps',  5,  '2024-06-11 09:00:00'), ('16', 'cedar', 'u1', 'nps', 9, '2024-06-11 09:00:00'),
    ('17', 'acme',  'u1', 'csat', 1,  '2024-06-12 09:00:00'), ('18', 'test', 'u1', 'nps', 0, '2024-06-11 09:00:00');

-- By hand, at the end of 30 June 2024: Acme: promoters u1, u3, u6, u7; passives u2, u8; detractors u4, u5: 100 * (4 - 2) / 8 = 25.
-- Low: 1 promoter, 2 detractors of 3: -33.3. Tech: Cedar, 100.
select * from nps where day = '2024-06-30' order by segment;
select segment, account_id, user_id, response_id, promoters, passives, detractors, score
from nps_detail where day = '2024-06-30' order by segment, user_id, response_id;

-- By hand, a day later u7 is a detractor and u8 is too old: 3 promoters, 1 passive, 3 detractors of 7: 0.
select * from nps where day = '2024-07-01' and segment = 'high';
-- By hand, a year later nobody has answered: no score.
select * from nps where day = '2025-06-30' order by segment;
