-- How long does it take a new user to do what the product is for?

-- Acme is high touch. Its 21 users are the patients with 6-MP of Freireich and others (1963), the example of many texts on Kaplan and Meier, with days
-- in place of weeks: they get there after 6, 6, 6, 7, 10, 13, 16, 22 and 23 days, or have been watched for 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34 and 35.
-- A login is how they sign up, and no core event.
insert into stored_settings (name, value) values ('core_events', 'report');
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme',  'acme',  'core', 120000, '2024-01-01', null),
    ('birch', 'birch', 'core', 20000,  '2024-06-20', null),
    ('cedar', 'cedar', 'core', 20000,  '2023-01-01', '2024-06-21'),
    ('dune',  'dune',  'core', 1000,   '2024-01-01', null);
insert into stored_usage_events (event_id, account_id, user_id, event, ts)
select concat('in-', u), 'acme', u, 'login', toDateTime64('2024-05-21 12:00:00', 3, 'UTC')
from (select concat('r', toString(arrayJoin(range(9)))) as u)
union all
select concat('core-', u), 'acme', u, 'report', toDateTime64('2024-05-21 12:00:00', 3, 'UTC') + interval t day
from (select arrayJoin(arrayZip(range(9), [6, 6, 6, 7, 10, 13, 16, 22, 23])) as x, concat('r', toString(x.1)) as u, x.2 as t)
union all
select concat('in-', u), 'acme', u, 'login', toDateTime64('2024-06-30 12:00:00', 3, 'UTC') - interval t day
from (select arrayJoin(arrayZip(range(12), [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])) as x, concat('c', toString(x.1)) as u, x.2 as t);

-- Birch: Ann tries it on 10 June, before Birch pays, and gets there on the same day; Bob signs up on 20 June and gets there on 25 June with another id
-- of his. Cedar, which left on 21 June: Cal signed up on 11 June and got there too late; Dan signed up too late; Eve signed up more than a year ago.
-- Dune's Fay signed up on 1 July 2023, 365 days before 30 June 2024: a day too early.
insert into stored_user_aliases (alias_id, user_id) values ('b2', 'bob');
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('1', 'birch', 'ann', 'login',  '2024-06-10 09:00:00'), ('2', 'birch', 'ann', 'report', '2024-06-10 17:00:00'),
    ('3', 'birch', 'bob', 'login',  '2024-06-20 09:00:00'), ('4', 'birch', 'b2',  'report', '2024-06-25 09:00:00'),
    ('5', 'cedar', 'cal', 'login',  '2024-06-11 09:00:00'), ('6', 'cedar', 'cal', 'report', '2024-06-25 09:00:00'),
    ('7', 'cedar', 'dan', 'login',  '2024-06-22 09:00:00'), ('8', 'cedar', 'eve', 'login',  '2023-06-11 09:00:00'),
    ('9', 'dune',  'fay', 'login',  '2023-07-01 09:00:00');

-- Published for 6-MP: the curve falls to 0.857, 0.807, 0.753, 0.690, 0.627, 0.538 and 0.448, the median is 23. So a quarter is there after 13 days,
-- 1123200 seconds, half after 23, 1987200, and three quarters are not. Low: Ann after 0 days, Bob after 5, Cal censored after 10: 2/3, then 1/3: 0 and
-- 432000 seconds. Tech: nobody.
select * except duration from first_core_event where day = '2024-06-30' order by segment;
select x.1 / 86400 as days, x.2 as at_risk, x.3 as events, round(x.5, 3) as survival
from first_core_days
array join curve as x
where day = '2024-06-30' and segment = 'high' and events > 0
order by days;
select * from first_core_event_detail where day = '2024-06-30' and segment = 'low' order by account_id, seconds;

-- By hand, on 22 June: Bob has not got there after 2 days: of Ann, Bob and Cal, Ann: 2/3, and the median is beyond the 10 days of Cal.
select p25_seconds, p50_seconds, p50_at_least_seconds, reached_users, censored_users, duration.2 as at_most from first_core_event where day = '2024-06-22' and segment = 'low';

-- While 30 June goes on, users are watched until 29 June: Dune's Fay signed up 364 days before.
-- today: 2024-06-30
select account_id, seconds / 86400 as days, censored_users from first_core_event_detail where day = '2024-06-30' and segment = 'tech';
