-- How many names do usage events have, and which of them are kept apart?

-- Two names are kept apart on a day; from 21 June on, three. Paying is use.
insert into stored_settings (name, starts_on, value) values ('event_names', '1970-01-01', '2'), ('event_names', '2024-06-21', '3'), ('core_events', '1970-01-01', 'pay');
insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before) values
    ('acme',  'acme',  'core', 5, 120000, '2024-01-01', null),
    ('birch', 'birch', 'core', 5, 20000,  '2024-01-01', null);

-- On 20 June, two users report and two share, of whom one does so twice; three print. Only Dan pays, which is a core event.
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('1',  'acme',  'ann', 'report', '2024-06-20 10:00:00'),
    ('2',  'birch', 'ann', 'report', '2024-06-20 10:00:00'),
    ('3',  'acme',  'ann', 'share',  '2024-06-20 10:00:00'),
    ('4',  'acme',  'bob', 'share',  '2024-06-20 10:00:00'),
    ('5',  'acme',  'bob', 'share',  '2024-06-20 11:00:00'),
    ('6',  'acme',  'ann', 'print',  '2024-06-20 10:00:00'),
    ('7',  'acme',  'bob', 'print',  '2024-06-20 10:00:00'),
    ('8',  'birch', 'cyd', 'print',  '2024-06-20 10:00:00'),
    ('9',  'acme',  'dan', 'pay',    '2024-06-20 10:00:00');

-- By hand: two names are kept apart, the core event pay and print, which has most users. Report and share are (other), used by Ann and Bob of
-- Acme and Ann of Birch. Users and events of the accounts count as before, and (other) is one feature.
select * from features where day = '2024-06-20' order by feature;
select account_id, users, mau, events, features from usage_days where day = '2024-06-20' order by account_id;

-- By hand, a day later: three names are kept apart. Pay takes no place, since nobody pays on 21 June: print with three users, share and report
-- with two. Draw, with one, is (other). The events of 21 June change nothing on 20 June, and neither does a redelivery.
insert into stored_usage_events (event_id, account_id, user_id, event, ts)
select concat('next-', event_id), account_id, user_id, replaceOne(toString(event), 'pay', 'draw'), ts + interval 1 day from stored_usage_events final order by event_id desc;
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('9',  'acme',  'dan', 'pay',    '2024-06-20 10:00:00'),
    ('2',  'birch', 'ann', 'report', '2024-06-20 10:00:00');
select day, account_id, user_id, features from stored_usage_user_days final order by day, account_id, user_id;
select * from features where day = '2024-06-20' order by feature;
select * from features where day = '2024-06-21' order by feature;

-- A late event changes its own day: share has three users like print now, and more events.
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values ('late', 'birch', 'eve', 'share', '2024-06-20 12:00:00');
select * from features where day = '2024-06-20' order by feature;

-- Ids in names: sixty invoices on 22 June. Two dozen steps are no violation, since 50 names of one shape are. The check lists the shape, and the
-- two days with more names than are kept apart.
insert into stored_settings (name, starts_on, value) values ('event_names', '2024-06-22', '1000');
insert into stored_usage_events (event_id, account_id, user_id, event, ts)
select concat('invoice-', toString(number)), 'acme', 'ann', concat('invoice_', lower(hex(number * 7919 + 100000)), '_paid'), '2024-06-22 10:00:00' from numbers(60)
union all
select concat('step-', toString(number)), 'acme', 'ann', concat('step ', toString(number)), '2024-06-22 10:00:00' from numbers(24);
select check, violations from quality where day = '2024-06-22' and check like '%event_names%' order by check;
select check, table, id, reason from quality_detail where day = '2024-06-22' and check like '%event_names%' order by check, id;
