-- How many users come back, and how long after their first use?

-- At Acme two users come as in PostHog's example of months (test_month_interval): both in January 2020. PostHog's row of January is
-- 2 2 2 0 1 2 1 0 1 0 1 in the months from then to November.
insert into stored_settings (name, value) values ('core_events', 'report'), ('excluded_users', 'robot*');
insert into stored_accounts (account_id, is_test, updated_at) values ('elm', true, '2020-01-01');
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme', 'acme', 'core', 120000, '2019-06-01', null);
insert into stored_usage_events (event_id, account_id, user_id, event, ts)
select concat(u, '-', toString(m)), 'acme', u, 'report', toDateTime64(addMonths(toDate('2020-01-10'), m), 3, 'UTC') + interval 5 hour
from (select arrayJoin([('p1', [0, 1, 2, 4, 5, 8]), ('p2', [0, 1, 2, 5, 6, 10])]) as x, x.1 as u, arrayJoin(x.2) as m);

-- By hand: of 2 users 1, 1, 1, 0, 0.5, 1, 0.5, 0, 0.5, 0, 0.5 in exactly that month. p1 comes last in September, at age 8, p2 in November, at 10: unbounded
-- 2 up to age 8, and then 1. A day before, November is not over, and there is no age 10; in January alone there is age 0.
select age, classic_ratio, unbounded_ratio, users, classic_users, unbounded_users from user_retention where day = '2020-11-30' and period = 'month' order by toUInt8(age);
select max(toUInt8(age)) as oldest, minIf(unbounded_users, age = '9') as still_to_come from user_retention where day = '2020-11-29' and period = 'month';
select * from user_retention where day = '2020-01-31' and period = 'month';

-- Birch pays in 2023. Its users come in the weeks from Monday, 2 January, on. Ann: weeks 0, 1, 3. Bob: 0 and 2, on its Sunday, as b2, another id of his.
-- Cal: weeks 1, 2, 3. Dan: in week 3, the last one. Eve came in 2022, before Birch paid, and comes in week 1. Others log in only, are excluded or belong to a
-- test account.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('birch', 'birch', 'core', 20000, '2023-01-01', '2023-01-20'),
    ('elm',   'elm',   'core', 20000, '2023-01-01', null);
insert into stored_user_aliases (alias_id, user_id) values ('b2', 'bob');
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('1', 'birch', 'ann', 'report', '2023-01-02 00:00:00'), ('2', 'birch', 'ann', 'report', '2023-01-10 12:00:00'), ('3', 'birch', 'ann', 'report', '2023-01-24 12:00:00'),
    ('4', 'birch', 'bob', 'report', '2023-01-08 23:59:59'), ('5', 'birch', 'b2',  'report', '2023-01-22 12:00:00'),
    ('6', 'birch', 'cal', 'report', '2023-01-09 12:00:00'), ('7', 'birch', 'cal', 'report', '2023-01-16 12:00:00'), ('8', 'birch', 'cal', 'report', '2023-01-23 12:00:00'),
    ('9', 'birch', 'dan', 'report', '2023-01-29 12:00:00'), ('10', 'birch', 'dan', 'login', '2023-01-03 12:00:00'),
    ('11', 'birch', 'eve', 'report', '2022-12-30 12:00:00'), ('12', 'birch', 'eve', 'report', '2023-01-11 12:00:00'),
    ('13', 'birch', 'robot7', 'report', '2023-01-03 12:00:00'), ('14', 'elm', 'lea', 'report', '2023-01-03 12:00:00');

-- By hand, on Sunday, 29 January: cohorts of 2 January (Ann, Bob), 9 January (Cal, Eve) and 23 January (Dan).
-- Age 0: 5 of 5. Age 1, of the first two cohorts: classic Ann and Cal, 2 of 4; unbounded Ann, Bob, Cal. Age 2, of the same: Bob and Cal; unbounded Ann, Bob and Cal.
-- Age 3, of the first: Ann. Birch has left on 20 January, and its users count all the same.
select * from user_retention where day = '2023-01-29' and period = 'week' order by age;
select age, cohort, account_id, users, classic_users, unbounded_users, starts_on from user_retention_detail where day = '2023-01-29' and period = 'week' order by age, cohort;

-- By hand, a day before, when the week from 23 January is not over. Age 0: Ann, Bob, Cal and Eve. Age 1: 2 of 4, unbounded 3 of 4 with Bob. Age 2, of the first
-- cohort: Bob; Ann's return a week later does not count yet.
select * from user_retention where day = '2023-01-28' and period = 'week' order by age;

-- By hand, thirteen weeks later: the cohort of 2 January is the oldest one, at age 12; a week later it is gone.
select age, users, classic_users from user_retention where day in ('2023-04-02', '2023-04-09') and period = 'week' and age in ('0', '11', '12') order by day, age;
