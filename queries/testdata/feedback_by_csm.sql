-- Who brought what back from customers?

-- Kim handed Acme over to Lee on 15 June at 12:00.
insert into stored_accounts (account_id, csm, updated_at) values ('acme', 'kim', '2023-01-01'), ('acme', 'lee', '2024-06-15 12:00:00');
-- 1 names Ada. 2 and 3 name nobody: the owner at the end of the day, on the 14th Kim, on the 15th Lee. Nobody knows Birch.
insert into stored_feedback (feedback_id, account_id, csm, kind, created_on) values
    ('1', 'acme',  'ada', 'product_request', '2024-06-10'), ('2', 'acme',  '', 'product_request', '2024-06-14'),
    ('3', 'acme',  '',    'use_case_share',  '2024-06-15'), ('4', 'birch', '', 'case_study',      '2024-02-15');

-- By hand, at the end of 30 June 2024: Ada and Kim each a request, Lee a use case, in all windows; nobody a case study in 12m.
select * from feedback_by_csm where day = '2024-06-30' and items > 0 order by csm, kind, window;
select count() as series from feedback_by_csm where day = '2024-06-30';
select csm, kind, feedback_id, account_id, created_on from feedback_by_csm_detail where day = '2024-06-30' and window = '12m' order by csm, feedback_id;
