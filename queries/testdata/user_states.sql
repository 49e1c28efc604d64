-- Which users are new, which came back, and which stopped?

-- Acme is high touch, Birch low touch until it leaves on 1 March. Cedar begins to pay on 17 February. Elm is a test account, and Fir never pays.
insert into stored_settings (name, value) values ('core_events', 'report'), ('excluded_users', '@us.example');
insert into stored_accounts (account_id, is_test, updated_at) values ('elm', true, '2020-01-01');
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme',  'acme',  'core', 120000, '2019-06-01', null),
    ('birch', 'birch', 'core', 20000,  '2019-01-01', '2020-03-01'),
    ('cedar', 'cedar', 'core', 1000,   '2020-02-17', null),
    ('elm',   'elm',   'core', 120000, '2019-06-01', null);

-- At Acme four users come as in PostHog's example of weeks that begin on Mondays (test_lifecycle_trend_weeks_monday). A login is no use.
-- So in the weeks from 3, 10, 17 and 24 February and 2 and 9 March 2020 its figures are: new 0 2 0 1 0 0, returning 1 1 1 0 1 0,
-- resurrected 0 0 0 1 0 0, dormant 0 0 2 1 1 1.
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('1',  'acme', 'p1', 'report', '2020-02-01 12:00:00'), ('2',  'acme', 'p1', 'report', '2020-02-05 12:00:00'), ('3',  'acme', 'p1', 'report', '2020-02-10 12:00:00'),
    ('4',  'acme', 'p1', 'report', '2020-02-15 12:00:00'), ('5',  'acme', 'p1', 'report', '2020-02-27 12:00:00'), ('6',  'acme', 'p1', 'report', '2020-03-02 12:00:00'),
    ('7',  'acme', 'p2', 'report', '2020-02-11 12:00:00'), ('8',  'acme', 'p2', 'report', '2020-02-18 12:00:00'), ('9',  'acme', 'p3', 'report', '2020-02-12 12:00:00'),
    ('10', 'acme', 'p4', 'report', '2020-02-27 12:00:00'), ('11', 'acme', 'p4', 'login',  '2020-03-02 12:00:00');

-- Ann of Birch comes in the last second of the week from 3 February and in the first of that from 17 February, and once more after Birch has left. Bob of
-- Birch also comes as b2, an id of the same user. Cal tries Cedar a week before it pays and comes again when it does. Others do not count.
insert into stored_user_aliases (alias_id, user_id) values ('b2', 'bob');
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('21', 'birch', 'ann', 'report', '2020-02-09 23:59:59'), ('22', 'birch', 'ann', 'report', '2020-02-17 00:00:00'), ('23', 'birch', 'ann', 'report', '2020-03-10 12:00:00'),
    ('24', 'birch', 'bob', 'report', '2020-02-10 12:00:00'), ('25', 'birch', 'b2',  'report', '2020-02-20 12:00:00'),
    ('26', 'cedar', 'cal', 'report', '2020-02-12 12:00:00'), ('27', 'cedar', 'cal', 'report', '2020-02-19 12:00:00'),
    ('28', 'acme',  'kim@us.example', 'report', '2020-02-19 12:00:00'), ('29', 'acme', '', 'report', '2020-02-19 12:00:00'),
    ('30', 'elm',   'lea', 'report', '2020-02-19 12:00:00'), ('31', 'fir', 'max', 'report', '2020-02-19 12:00:00');

-- By hand, the weeks of high touch as above. On Saturday, 14 March, the week from 2 March is still the last whole one.
select starts_on, new_users, returning_users, resurrected_users, dormant_users, active_users
from user_states_detail
where day in ('2020-02-09', '2020-02-16', '2020-02-23', '2020-03-01', '2020-03-08', '2020-03-14', '2020-03-15') and account_id = 'acme' and period = 'week'
order by day;

-- By hand, on 23 February. Low, week from 17 February: Ann is back after a week without, resurrected; Bob returns. Tech: Cal is new, since what was tried
-- before Cedar paid is not counted. Month of January: nobody.
select * from user_states where day = '2020-02-23' order by period, segment;

-- By hand, on 15 March. Month of February: high p1 to p4, all new. Low: Ann and Bob, new. Birch has left, and stands in low touch, as it did
-- twelve months ago. Tech: Cal.
-- Week from 9 March: high p1 is dormant; low Ann is resurrected, tech nobody.
select * from user_states where day = '2020-03-15' order by period, segment;
select * from user_states_detail where day = '2020-03-15' order by period, segment, account_id;

-- By hand, on 31 March. Of high touch's four of February p1 returns and p2 to p4 are dormant; of low touch's two Ann returns and Bob is dormant; Cal is
-- dormant. A day before, February is the last whole month.
select * from user_states where day = '2020-03-31' and period = 'month' order by segment;
select new_users, dormant_users from user_states where day = '2020-03-30' and period = 'month' and segment = 'high';

-- While Sunday, 8 March, goes on, its week is not over: the week from 24 February has p4 new and p1 resurrected.
-- today: 2020-03-08
select starts_on, new_users, returning_users, resurrected_users, dormant_users from user_states_detail where day = '2020-03-08' and account_id = 'acme' and period = 'week';

-- By hand, PostHog's example of months (test_lifecycle_trend_months), from February to September 2020: dormant 0 2 1 0 2 0 1 0,
-- new 1 0 0 1 0 0 0 0, resurrected 1 0 0 1 0 1 0 1, returning 1 1 0 0 0 0 0 0.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on) values ('gum', 'gum', 'core', 5000, '2019-12-01');
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('41', 'gum', 'p1', 'report', '2020-01-11 12:00:00'), ('42', 'gum', 'p1', 'report', '2020-02-12 12:00:00'), ('43', 'gum', 'p1', 'report', '2020-03-13 12:00:00'),
    ('44', 'gum', 'p1', 'report', '2020-05-15 12:00:00'), ('45', 'gum', 'p1', 'report', '2020-07-17 12:00:00'), ('46', 'gum', 'p1', 'report', '2020-09-19 12:00:00'),
    ('47', 'gum', 'p2', 'report', '2019-12-09 12:00:00'), ('48', 'gum', 'p2', 'report', '2020-02-12 12:00:00'), ('49', 'gum', 'p3', 'report', '2020-02-12 12:00:00'),
    ('50', 'gum', 'p4', 'report', '2020-05-15 12:00:00');
select starts_on, dormant_users, new_users, resurrected_users, returning_users
from user_states_detail
where day in ('2020-02-29', '2020-03-31', '2020-04-30', '2020-05-31', '2020-06-30', '2020-07-31', '2020-08-31', '2020-09-30') and account_id = 'gum' and period = 'month'
order by day;
