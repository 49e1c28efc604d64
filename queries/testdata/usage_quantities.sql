-- What usage events say in numbers: gigabytes that a sync moved, errors of any event.

insert into stored_settings (name, value) values ('event_quantities', 'errors=error_count,gigabytes=gb@sync');
insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before) values
    ('1', 'acme', 'core', 10, 20000, '2024-01-01', null), ('2', 'birch', 'core', 10, 20000, '2024-01-01', null), ('3', 'cedar', 'core', 10, 5000, '2024-01-01', null);

-- Acme synced 100 GB on 10 May, and 50, 60.5 and 9.5 in June; an export says gb, too, and is no sync. Numbers may be texts. What is no number says nothing:
-- the fourth sync has none. Birch had 2 errors and, in another event, 0. Cedar has none of either. A monitor's terabyte does not count.
insert into stored_settings (name, value) values ('excluded_users', 'monitor');
insert into stored_usage_events (event_id, account_id, user_id, event, ts, properties) values
    ('1', 'acme',  'kim', 'sync',   '2024-05-10 10:00:00', '{"gb": 100}'),
    ('2', 'acme',  'kim', 'sync',   '2024-06-10 10:00:00', '{"gb": 50, "error_count": null}'),
    ('3', 'acme',  'lee', 'sync',   '2024-06-10 11:00:00', '{"gb": "60.5"}'),
    ('4', 'acme',  'kim', 'sync',   '2024-06-20 10:00:00', '{"gb": 9.5, "error_count": 1}'),
    ('5', 'acme',  'kim', 'sync',   '2024-06-20 11:00:00', '{"gb": "many"}'),
    ('6', 'acme',  'kim', 'export', '2024-06-20 12:00:00', '{"gb": 7}'),
    ('7', 'birch', 'ada', 'open',   '2024-06-15 10:00:00', '{"error_count": 2}'),
    ('8', 'birch', 'ada', 'open',   '2024-06-16 10:00:00', '{"error_count": 0}'),
    ('9', 'cedar', 'eve', 'open',   '2024-06-16 10:00:00', '{}'),
    ('10', 'acme', 'monitor', 'sync', '2024-06-20 10:00:00', '{"gb": 1000}');

-- By hand, low touch, 3 to 30 June: 50 + 60.5 + 9.5 = 120 GB in 3 events, 40 in the mean, 60.5 at most; 100 in the 28 days before, 6 May to 2 June.
-- Errors: 1 of acme, 2 and 0 of birch, 3 in 3 events.
select segment, quantity, value, previous_value, mean_value, largest_value, events, accounts from usage_quantities where day = '2024-06-30' order by quantity;
select quantity, account_id, value, previous_value, events, accounts, largest_value from usage_quantities_detail where day = '2024-06-30' order by quantity, account_id;

-- 27 days later nothing is left but the syncs of the 20th and 9.5 GB; before that, 110.5.
select quantity, account_id, value, previous_value, events from usage_quantities_detail where day = '2024-07-17' order by quantity, account_id;

-- By day and account, as a notebook asks for it.
select day, account_id, value, events, mean_value, largest_value from daily_quantities where quantity = 'gigabytes' and day >= '2024-05-01' order by day;
select quantity, sum(value) as value from daily_quantities where day between '2024-06-03' and '2024-06-30' group by quantity order by quantity;

-- Health and signals look at gigabytes: 120 over 100. By hand: 1.2 is more than the 1 at which the measure has all points, and a fifth more. Without the
-- other measures the score is that of the quantity, 100. Birch had none before: it is not measured.
insert into stored_settings (name, value) values ('health_quantity', 'gigabytes'), ('health_measures', 'quantity');
select account_id, score, band from account_health where day = '2024-06-30' order by account_id;
select account_id, measure, value, score, contribution from account_health_drivers where day = '2024-06-30' and account_id = 'acme';
select signal, account_id from expansion_signals_detail where day = '2024-06-30' and signal = 'quantity_rising';

-- By hand: on 17 July it is 9.5 over 110.5, 0.086, less than the 0.5 at which it has none. (Cedar still comes, so that this is no old news.)
insert into stored_usage_events (event_id, account_id, user_id, event, ts, properties) values ('11', 'cedar', 'eve', 'open', '2024-07-15 10:00:00', '');
select account_id, score, band from account_health where day = '2024-07-17' order by account_id;
