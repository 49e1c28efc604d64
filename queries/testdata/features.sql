-- Which features do the customers use?

-- Four accounts pay at the end of 30 June 2024; Fir left on 1 June, and Elm is a test account.
insert into stored_settings (name, value) values ('timezone', 'Asia/Tokyo');
insert into stored_accounts (account_id, is_test, updated_at) values ('elm', true, '2024-01-01');
insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before) values
    ('acme',  'acme',  'core', 5, 120000, '2024-01-01', null),
    ('birch', 'birch', 'core', 5, 20000,  '2024-01-01', null),
    ('cedar', 'cedar', 'core', 5, 1000,   '2024-01-01', null),
    ('dune',  'dune',  'core', 5, 1000,   '2024-01-01', null),
    ('elm',   'elm',   'core', 5, 120000, '2024-01-01', null),
    ('fir',   'fir',   'core', 5, 20000,  '2024-01-01', '2024-06-01');

-- Reports: Ann and Bob of Acme, Ann twice; an Ann of Birch, another user. Sharing: by nobody in particular at Cedar. Charts: at Acme, in the
-- first second of 3 June in Tokyo; at Birch a second earlier, 28 days ago. Print: only by those who do not count, and in July.
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('1', 'acme',  'ann', 'report', '2024-06-10 03:00:00'),
    ('2', 'acme',  'ann', 'report', '2024-06-20 03:00:00'),
    ('3', 'acme',  'bob', 'report', '2024-06-20 03:00:00'),
    ('4', 'birch', 'ann', 'report', '2024-06-30 14:59:59'),
    ('5', 'cedar', '',    'share',  '2024-06-20 03:00:00'),
    ('6', 'acme',  'ann', 'chart',  '2024-06-02 15:00:00'),
    ('7', 'birch', 'ann', 'chart',  '2024-06-02 14:59:59'),
    ('8', 'elm',   'ann', 'print',  '2024-06-20 03:00:00'),
    ('9', 'fir',   'ann', 'print',  '2024-06-20 03:00:00'),
    ('10', 'dune', 'ann', 'print',  '2024-06-30 15:00:00');

-- By hand: report 2 of 4 accounts, 3 users: 0.5; share 1 account, nobody's: 0.25; chart Acme, 1 user: 0.25. Dune uses nothing, and is one
-- of the four. Users there are three, Ann and Bob of Acme and Ann of Birch: report 3 of 3, share 0, chart 1 of 3.
select * from features where day = '2024-06-30' order by feature;
select * from features_detail where day = '2024-06-30' order by feature, account_id;

-- By hand, a day later: the charts are gone, and Dune prints, whose Ann is the fourth user.
select * from features where day = '2024-07-01' order by feature;

-- What counts as use is of no concern here.
insert into stored_settings (name, value) values ('core_events', 'share');
select feature, accounts, users from features where day = '2024-06-30' order by feature;

-- Sixty more features, of Dune's only user: fifty are shown, those of the most accounts, then users, then by name: report, chart and f01 to
-- f48; share has no user, and so goes last.
insert into stored_usage_events (event_id, account_id, user_id, event, ts)
select concat('f', toString(number)), 'dune', 'ann', concat('f', leftPad(toString(number + 1), 2, '0')), '2024-06-20 03:00:00' from numbers(60);
select count() as features, min(feature) as first, maxIf(feature, feature like 'f%') as last, countIf(feature in ('share', 'f49')) as neither
from features where day = '2024-06-30';

-- MetricKit's example (metrickittools.com/glossary/feature-adoption): 800 of 2,000 active users are 40 %. Gum pays since 2023.
insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on) values ('gum', 'gum', 'core', 5, 1000, '2023-01-01');
insert into stored_usage_events (event_id, account_id, user_id, event, ts)
select concat('g', toString(number)), 'gum', concat('u', toString(number)), if(number < 800, 'forecast', 'login'), '2023-06-20 03:00:00' from numbers(2000);
select * from features where day = '2023-06-30' and feature = 'forecast';
