-- What did CS bring back from customers?

insert into stored_accounts (account_id, is_test, updated_at) values ('test', true, '2023-01-01');
-- Two requests of Acme and one of Birch in June; one of 30 May, the day on which the month begins, one of tomorrow and one of a test account. A case study of a year ago,
-- the day on which the twelve months begin, and one a day later.
insert into stored_feedback (feedback_id, account_id, csm, kind, created_on) values
    ('1', 'acme',  'kim', 'product_request', '2024-06-10'), ('2', 'acme',  'kim', 'product_request', '2024-06-30'),
    ('3', 'birch', 'lee', 'product_request', '2024-06-11'), ('4', 'birch', 'lee', 'product_request', '2024-05-30'),
    ('5', 'birch', 'lee', 'product_request', '2024-07-01'), ('6', 'test',  'lee', 'product_request', '2024-06-10'),
    ('7', 'acme',  'kim', 'case_study',      '2023-06-30'), ('8', 'acme',  'kim', 'case_study',      '2023-07-01');

-- By hand, at the end of 30 June 2024: requests 3 of 2 accounts in 1m, 4 of 2 in 3m and 12m; case studies 1 in 12m.
select * from feedback_kpi where day = '2024-06-30' order by kind, window;
select kind, window, feedback_id, account_id, items, accounts, csm, created_on
from feedback_detail where day = '2024-06-30' order by kind, window, feedback_id;
