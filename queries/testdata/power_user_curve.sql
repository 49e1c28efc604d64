-- On how many days do users come?

-- Acme is high touch, Birch low touch; Cedar has left, Dune is tech touch and nobody uses it.
insert into stored_settings (name, value) values ('timezone', 'Europe/Berlin'), ('core_events', 'report');
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme',  'acme',  'core', 120000, '2024-01-01', null),
    ('birch', 'birch', 'core', 20000,  '2024-01-01', null),
    ('cedar', 'cedar', 'core', 20000,  '2024-01-01', '2024-06-30'),
    ('dune',  'dune',  'core', 1000,   '2024-01-01', null);

-- Acme: Ann on all 28 days to 30 June and the three before; Bob on 14 of them; Cyd on two, on one of them twice, once as c2, another id of hers;
-- Dan on one; Eve only logs in. Birch: Fay in the first second of 3 June in Berlin, 27 days ago; Gil a second before, too long ago; Bob, another
-- user than Acme's, on 30 June.
insert into stored_user_aliases (alias_id, user_id) values ('c2', 'cyd');
insert into stored_usage_events (event_id, account_id, user_id, event, ts)
select concat('ann-', toString(number)), 'acme', 'ann', 'report', toDateTime64('2024-05-31 10:00:00', 3, 'UTC') + interval number day from numbers(31)
union all
select concat('bob-', toString(number)), 'acme', 'bob', 'report', toDateTime64('2024-06-04 10:00:00', 3, 'UTC') + interval 2 * number day from numbers(14);
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('1', 'acme',  'cyd', 'report', '2024-06-24 10:00:00'),
    ('2', 'acme',  'c2',  'report', '2024-06-24 11:00:00'),
    ('3', 'acme',  'c2',  'report', '2024-06-23 10:00:00'),
    ('4', 'acme',  'dan', 'report', '2024-06-30 10:00:00'),
    ('5', 'acme',  'eve', 'login',  '2024-06-30 10:00:00'),
    ('6', 'birch', 'fay', 'report', '2024-06-02 22:00:00'),
    ('7', 'birch', 'gil', 'report', '2024-06-02 21:59:59'),
    ('8', 'birch', 'bob', 'report', '2024-06-30 12:00:00'),
    ('9', 'cedar', 'hal', 'report', '2024-06-29 12:00:00'),
    ('10', 'acme', '',    'report', '2024-06-29 12:00:00');

-- By hand, on 30 June. High: of 4 users one on 1, 2, 14 and 28 days: 0.25 each. Low: Fay and Bob on one day. Tech: nobody.
select * from power_user_curve where day = '2024-06-30' and (users > 0 or active_days = '7') order by segment, toUInt8(active_days);
select * from power_user_curve_detail where day = '2024-06-30' order by segment, account_id, toUInt8(active_days);

-- By hand: over all numbers of days it is what usage says: 4 and 2 users, 28 + 14 + 2 + 1 = 45 and 2 days of users.
select c.segment as segment, sum(c.users) as users, sum(c.users * toUInt8(c.active_days)) as user_days, any(u.mau_users) as mau_users, any(u.daily_users) as daily_users
from power_user_curve as c
join usage as u on u.day = c.day and u.segment = c.segment
where c.day = '2024-06-30'
group by segment
order by segment;

-- While 1 July goes on, it stands for 30 June.
-- today: 2024-07-01
select segment, active_days, users from power_user_curve where day = '2024-07-01' and users > 0 order by segment, toUInt8(active_days);

-- By hand, once it is over: Ann has 27 days. Of low touch, Bob is left.
select segment, active_days, users from power_user_curve where day = '2024-07-01' and users > 0 order by segment, toUInt8(active_days);

-- PostHog's example of stickiness (test_stickiness): from 1 to 8 January 2020 two users are there on one day, one on two, one on three. Gum pays since 2019.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on) values ('gum', 'gum', 'core', 1000, '2019-01-01');
insert into stored_user_aliases (alias_id, user_id) values ('person3b', 'person3a');
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('21', 'gum', 'person1',  'report', '2020-01-01 12:00:00'),
    ('22', 'gum', 'person2',  'report', '2020-01-01 12:00:00'), ('23', 'gum', 'person2',  'report', '2020-01-02 12:00:00'), ('24', 'gum', 'person2', 'report', '2020-01-02 12:00:00'),
    ('25', 'gum', 'person3a', 'report', '2020-01-01 12:00:00'), ('26', 'gum', 'person3b', 'report', '2020-01-02 12:00:00'), ('27', 'gum', 'person3a', 'report', '2020-01-03 12:00:00'),
    ('28', 'gum', 'person4',  'report', '2020-01-05 12:00:00');
select active_days, ratio, users, mau_users from power_user_curve where day = '2020-01-08' and segment = 'tech' and toUInt8(active_days) <= 4 order by active_days;
