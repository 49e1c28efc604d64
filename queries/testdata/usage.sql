-- How many users does the product have, how often do they come, and are the seats used?

-- Days are those of Berlin. Acme is high touch, Birch low touch, Cedar and Dune tech touch; Dune's contract has no seats. Elm is a test
-- account, Fir does not pay yet, Hop has left and still comes, and Gum nobody knows.
insert into stored_settings (name, value) values ('timezone', 'Europe/Berlin'), ('core_events', 'report, export');
insert into stored_accounts (account_id, is_test, updated_at) values ('elm', true, '2024-01-01');
insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before) values
    ('acme',  'acme',  'core', 5,  120000, '2024-01-01', null),
    ('birch', 'birch', 'core', 2,  20000,  '2024-01-01', null),
    ('cedar', 'cedar', 'core', 10, 1000,   '2024-01-01', null),
    ('dune',  'dune',  'core', 0,  1000,   '2024-01-01', null),
    ('elm',   'elm',   'core', 5,  120000, '2024-01-01', null),
    ('fir',   'fir',   'core', 5,  120000, '2024-07-01', null),
    ('hop',   'hop',   'core', 5,  20000,  '2023-01-01', '2024-01-01');

-- At Acme, Ann makes a report on each of the 28 days to 30 June, Bob on 14 of them, the last one on 30 June; Cyd on 24 June, the
-- first of the last 7 days, and on the 23rd. Dan only logs in, which is no use, but takes a seat. Nobody in particular exports.
insert into stored_usage_events (event_id, account_id, user_id, event, ts)
select concat('ann-', toString(number)), 'acme', 'ann', 'report', toDateTime64('2024-06-03 10:00:00', 3, 'UTC') + interval number day from numbers(28)
union all
select concat('bob-', toString(number)), 'acme', 'bob', 'report', toDateTime64('2024-06-04 10:00:00', 3, 'UTC') + interval 2 * number day from numbers(14);
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('1', 'acme', 'cyd', 'export', '2024-06-24 10:00:00'),
    ('2', 'acme', 'cyd', 'report', '2024-06-24 11:00:00'),
    ('3', 'acme', 'cyd', 'report', '2024-06-23 10:00:00'),
    ('4', 'acme', 'dan', 'login',  '2024-06-30 10:00:00'),
    ('5', 'acme', '',    'export', '2024-06-30 10:00:00');

-- Three at Birch, for two seats. Bob is there too, another user than Acme's. Eve comes at midnight as 3 June begins in Berlin, 27 days
-- ago; Fay a second before, which is too long ago. Gil comes in the last second of 30 June, Hal in the first of July.
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('11', 'birch', 'bob', 'report', '2024-06-30 12:00:00'),
    ('12', 'birch', 'eve', 'report', '2024-06-02 22:00:00'),
    ('13', 'birch', 'fay', 'report', '2024-06-02 21:59:59'),
    ('14', 'birch', 'gil', 'report', '2024-06-30 21:59:59'),
    ('15', 'birch', 'hal', 'report', '2024-06-30 22:00:00');

-- Cedar's user only logs in. Dune has two users and no seats. The other accounts count for nothing.
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('21', 'cedar', 'ian', 'login',  '2024-06-20 12:00:00'),
    ('22', 'dune',  'joe', 'report', '2024-06-20 12:00:00'),
    ('23', 'dune',  'kim', 'report', '2024-06-21 12:00:00'),
    ('24', 'elm',   'lea', 'report', '2024-06-30 12:00:00'),
    ('25', 'fir',   'max', 'report', '2024-06-30 12:00:00'),
    ('26', 'gum',   'ned', 'report', '2024-06-30 12:00:00'),
    ('27', 'hop',   'oli', 'report', '2024-06-30 12:00:00');

-- Sent twice, Ann's report counts once; another system's of the same number is another one. Event 22 comes again and is about somebody
-- else now: what was stored first stays.
insert into stored_usage_events (event_id, account_id, user_id, event, ts, source) values
    ('ann-0', 'acme', 'ann', 'report', '2024-06-03 10:00:00', 'import'),
    ('ann-0', 'acme', 'ann', 'report', '2024-06-03 10:00:00', 'web'),
    ('22',    'dune', 'pam', 'report', '2024-06-20 12:00:00', 'import');

-- By hand, at the end of 30 June 2024. High: on the day Ann and Bob; in 7 days Cyd too; in 28 days these three. Ann has 28 days, Bob 14,
-- Cyd 2: 44 in all; 44/28 = 1.571 a day over 3 a month: 44/84 = 0.5238. Four of five seats, Dan's too: 0.8.
-- Low: Bob and Gil; 2; with Eve 3. One day each: 3/84 = 0.0357. Three users on two seats: 1.5.
-- Tech: nobody; nobody; Joe and Kim, one day each: 2/56 = 0.0357. Only Dune is active. Of seats, one of Cedar's ten: 0.1.
select * from usage where day = '2024-06-30' order by segment;
select * from usage_detail where day = '2024-06-30' order by segment, account_id;

-- By hand, a day later. High: nobody on the day (Fir pays now, and its Max came yesterday); in 7 days Ann, Bob and Max, in 28 Cyd too.
-- Ann's first day is gone: 27 + 14 + 2 + 1 = 44; 44/112 = 0.3929; seats 5 of 10. Low: Hal; Bob, Gil, Hal; Eve is gone: 3 days, 3 of 2 seats.
select * from usage where day = '2024-07-01' order by segment;

-- By hand: long before, there are the seats and no user, so stickiness is unknown and the seats are 0 of 5, 2 and 10.
select * from usage where day = '2024-02-01' order by segment;

-- From 1 June on logging in counts as use: Dan is active on 30 June, Ian in 28 days. High 3, 4 and 4 users, 45 days: 45/112; tech 0, 0
-- and 3 users, 3 days: 3/84.
insert into stored_settings (name, starts_on, value) values ('core_events', '2024-06-01', 'report,export,login');
select * from usage where day = '2024-06-30' order by segment;

-- From the day of UTC on, Eve came on 2 June and is too long ago, and Hal on 30 June: on that day Bob, Gil and Hal, in 28 days these.
insert into stored_settings (name, value, updated_at) values ('timezone', 'UTC', '2199-01-01');
select * from usage where day = '2024-06-30' and segment = 'low';
