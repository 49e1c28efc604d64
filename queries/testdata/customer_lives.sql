-- What did those who left have in common? One row for each time that an account was a customer, and a group by.

insert into stored_settings (name, value) values ('event_quantities', 'errors=errors');
insert into stored_accounts (account_id, name, industry, geo, csm, attributes, created_on, updated_at) values
    ('acme',  'Acme',  'food',   'US', 'Kim', map('plan', 'pro'),   '2022-01-01', '2022-01-01'),
    ('birch', 'Birch', 'food',   'DE', 'Kim', map('plan', 'basic'), '2022-01-01', '2022-01-01'),
    ('cedar', 'Cedar', 'energy', 'US', '',    map('plan', 'basic'), '2022-01-01', '2022-01-01');

-- Acme tried it in December 2022, pays since 2023, and more from July on: a second product beside the first. Birch left on 1 June 2023, came back on
-- 1 September and left on 1 March 2024, smaller from December on. Cedar left on 1 January 2024 without a reason.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, renewed_from, is_trial, cancel_reason) values
    ('0', 'acme',  'core', 0,     '2022-12-01', '2023-01-01', '', true,  ''),
    ('1', 'acme',  'core', 20000, '2023-01-01', null,         '', false, ''),
    ('2', 'acme',  'mail', 5000,  '2023-07-01', null,         '', false, ''),
    ('3', 'birch', 'core', 12000, '2023-01-01', '2023-06-01', '', false, 'budget'),
    ('4', 'birch', 'core', 9000,  '2023-09-01', '2023-12-01', '', false, ''),
    ('5', 'birch', 'core', 6000,  '2023-12-01', '2024-03-01', '4', false, 'support'),
    ('6', 'cedar', 'core', 3000,  '2023-01-01', '2024-01-01', '', false, '');

-- Birch's errors: 3 in its first life, 4 in two events of the second, 9 in between and 9 after it had left. Acme had one error in June 2024, and one 13 months before
-- the end, which is too long ago.
insert into stored_usage_events (event_id, account_id, user_id, event, ts, properties) values
    ('1', 'birch', 'b', 'open', '2023-05-31 10:00:00', '{"errors": 3}'), ('2', 'birch', 'b', 'open', '2023-07-01 10:00:00', '{"errors": 9}'),
    ('3', 'birch', 'b', 'open', '2023-09-01 10:00:00', '{"errors": 1}'), ('4', 'birch', 'b', 'open', '2024-02-29 10:00:00', '{"errors": 3}'), ('5', 'birch', 'b', 'open', '2024-03-01 10:00:00', '{"errors": 9}'),
    ('6', 'acme',  'a', 'open', '2024-06-01 10:00:00', '{"errors": 1}'), ('7', 'acme',  'a', 'open', '2024-06-02 10:00:00', '{"errors": 0}'), ('8', 'acme', 'a', 'open', '2023-05-30 10:00:00', '{"errors": 1}');
insert into stored_tickets (ticket_id, account_id, is_complaint, opened_at) values ('1', 'birch', true, '2024-02-01 10:00:00'), ('2', 'birch', false, '2023-05-01 10:00:00'), ('3', 'acme', false, '2024-03-01 10:00:00');
-- Birch gave 2 and 1 of 5 in its second life; acme 5 of 5, and 4 of 7, which is 3 of 5.
insert into stored_surveys (response_id, account_id, kind, score, scale, responded_at) values
    ('1', 'birch', 'csat', 2, 5, '2024-01-10 09:00:00'), ('2', 'birch', 'csat', 1, 5, '2024-02-10 09:00:00'), ('3', 'acme', 'csat', 5, 5, '2024-02-10 09:00:00'), ('4', 'acme', 'csat', 4, 7, '2024-02-11 09:00:00');

-- As of 30 June 2024, four lives. By hand: January to May are 151 days, September to February 182, 2023 365, and acme 547.
select account_id, life, began_on, left_on, has_left, came_back, paid_days, reason, first_arr, last_arr, rises, falls, products, tried_on from customer_lives where (select max(day) from policy_days) = '2024-06-30' order by account_id, life;
select account_id, life, use_days, use_events, quantities, quantity_events, tickets, complaints, answers, satisfied, mean_score from customer_lives where (select max(day) from policy_days) = '2024-06-30' order by account_id, life;

-- The notebook: churn by plan, industry and country, of customers and not of lives: the latest one counts.
select attributes['plan'] as plan, countIf(has_left) as lost, count() as customers from customer_lives where not came_back and (select max(day) from policy_days) = '2024-06-30' group by plan order by plan;
select industry, geo, countIf(has_left) / count() as churn from customer_lives where not came_back and (select max(day) from policy_days) = '2024-06-30' group by industry, geo order by industry, geo;
-- Who came back: 1 of 3 customers, 1 of 3 departures.
select countIf(life = 2) as reactivations, sum(has_left) as departures from customer_lives where (select max(day) from policy_days) = '2024-06-30';
-- Errors for an event, and satisfaction, of those who left and the others. By hand: birch and cedar 3 + 4 errors in 3 events, 2.33; acme 1 in 2. 0 of 2 satisfied, 1 of 2.
select has_left, sum(quantities['errors']) as errors, sum(quantity_events['errors']) as events, round(errors / events, 4) as mean, sum(satisfied) as satisfied, sum(answers) as answers from customer_lives
where (select max(day) from policy_days) = '2024-06-30' group by has_left order by has_left;
-- By contract: of six, birch's first and last and cedar's ended; the fourth was replaced.
select c.product as product, countIf(c.has_ended) as ended, count() as sold from customer_lives array join contracts as c where (select max(day) from policy_days) = '2024-06-30' group by product order by product;
select account_id, life, contracts from customer_lives where (select max(day) from policy_days) = '2024-06-30' order by account_id, life;
