-- Are customers satisfied, whatever the scale on which they were asked?

insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values ('clover-1', 'clover', 20000, '2024-01-01', null);

-- One answer of each of 10 to 3 on a scale of 10, as in the last survey; two more of 9 and 8. Nothing says that the scale is 10.
insert into stored_surveys (response_id, account_id, user_id, kind, score, responded_at) values
    ('0', 'clover', 'u0', 'csat', 10, '2024-06-10 10:00:00'), ('1', 'clover', 'u1', 'csat', 9, '2024-06-10 10:00:00'), ('2', 'clover', 'u2', 'csat', 9, '2024-06-10 10:00:00'),
    ('3', 'clover', 'u3', 'csat', 8,  '2024-06-10 10:00:00'), ('4', 'clover', 'u4', 'csat', 8, '2024-06-10 10:00:00'), ('5', 'clover', 'u5', 'csat', 7, '2024-06-10 10:00:00'),
    ('6', 'clover', 'u6', 'csat', 6,  '2024-06-10 10:00:00'), ('7', 'clover', 'u7', 'csat', 5, '2024-06-10 10:00:00'), ('8', 'clover', 'u8', 'csat', 4, '2024-06-10 10:00:00'),
    ('9', 'clover', 'u9', 'csat', 3,  '2024-06-10 10:00:00');

-- By hand, taken for answers of 1 to 5: 5, 4 and 3, of which two are satisfied. The other seven are reported.
select ratio, satisfied, responses from csat where day = '2024-06-30' and segment = 'low';
select violations from quality where day = '2024-06-30' and check = 'score_out_of_scale';

-- The company asks on a scale of 10. By hand: 10, 9, 9, 8, 8 of ten are satisfied.
insert into stored_settings (name, value) values ('csat_scale', '10');
select ratio, satisfied, responses from csat where day = '2024-06-30' and segment = 'low';
select violations from quality where day = '2024-06-30' and check = 'score_out_of_scale';

-- From 15 June on it asks by smileys, of which there are three. The old answers stay what they were. By hand: of 3, 2 and 1 the 3 is satisfied: 6 of 13.
insert into stored_settings (name, starts_on, value) values ('csat_scale', '2024-06-15', '3');
insert into stored_surveys (response_id, account_id, user_id, kind, score, responded_at) values
    ('11', 'clover', 'u1', 'csat', 3, '2024-06-15 00:00:00'), ('12', 'clover', 'u2', 'csat', 2, '2024-06-20 10:00:00'), ('13', 'clover', 'u3', 'csat', 1, '2024-06-20 10:00:00');
select ratio, satisfied, responses from csat where day = '2024-06-30' and segment = 'low';

-- What an answer says goes before the setting. By hand: satisfied are the two highest of most scales, so of 4 the 3, of 5 the 4, of 6
-- the 5, of 7 the 6. A 2 of 4, 3 of 5, 4 of 6, 5 of 7 and 7 of 10 are not, and neither is a 4 of 3 an answer: 4 of 9 more, so 10 of 22.
insert into stored_surveys (response_id, account_id, user_id, kind, score, scale, responded_at) values
    ('21', 'clover', 'u1', 'csat', 3, 4, '2024-06-20 10:00:00'), ('22', 'clover', 'u1', 'csat', 4, 5, '2024-06-20 10:00:00'), ('23', 'clover', 'u1', 'csat', 5, 6, '2024-06-20 10:00:00'),
    ('24', 'clover', 'u1', 'csat', 6, 7, '2024-06-20 10:00:00'), ('25', 'clover', 'u1', 'csat', 2, 4, '2024-06-20 10:00:00'), ('26', 'clover', 'u1', 'csat', 3, 5, '2024-06-20 10:00:00'),
    ('27', 'clover', 'u1', 'csat', 4, 6, '2024-06-20 10:00:00'), ('28', 'clover', 'u1', 'csat', 5, 7, '2024-06-20 10:00:00'), ('29', 'clover', 'u1', 'csat', 7, 10, '2024-06-20 10:00:00'),
    ('30', 'clover', 'u1', 'csat', 4, 3, '2024-06-20 10:00:00');
select ratio, satisfied, responses from csat where day = '2024-06-30' and segment = 'low';
select toUInt8(response_id) as id, score, scale, satisfied from csat_detail where day = '2024-06-30' order by id;
