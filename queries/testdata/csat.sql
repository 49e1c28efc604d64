-- Are customers satisfied with what they asked for?

insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values ('acme-1', 'acme', 120000, '2023-01-01', '2025-01-01');

-- Acme's u1 answered twice, about two occasions: both count. 0 and 6 are no answers. One is 89 days old, one 90, one of tomorrow. NPS is another question.
insert into stored_surveys (response_id, account_id, user_id, kind, score, responded_at) values
    ('1', 'acme', 'u1', 'csat', 5, '2024-06-10 09:00:00'), ('2', 'acme', 'u1', 'csat', 2, '2024-06-11 09:00:00'),
    ('3', 'acme', 'u2', 'csat', 4, '2024-06-10 09:00:00'), ('4', 'acme', 'u3', 'csat', 3, '2024-06-10 09:00:00'),
    ('5', 'acme', 'u4', 'csat', 0, '2024-06-10 09:00:00'), ('6', 'acme', 'u5', 'csat', 6, '2024-06-10 09:00:00'),
    ('7', 'acme', 'u6', 'csat', 4, '2024-04-02 00:00:00'), ('8', 'acme', 'u7', 'csat', 1, '2024-04-01 23:59:59'),
    ('9', 'acme', 'u8', 'csat', 1, '2024-07-01 00:00:00'), ('10', 'acme', 'u1', 'nps', 5, '2024-06-10 09:00:00'),
    ('11', 'dune', 'u1', 'csat', 5, '2024-06-10 09:00:00');

-- By hand, at the end of 30 June 2024: high: 5, 4, 4 of 5, 2, 4, 3, 4: 3 of 5. Tech: 1 of 1.
select * from csat where day = '2024-06-30' order by segment;
select segment, response_id, user_id, satisfied, score from csat_detail where day = '2024-06-30' order by segment, toUInt8(response_id);
