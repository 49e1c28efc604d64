-- How recent the facts are, and how many.

-- We report in New York's time: 30 June ends there at 04:00 UTC of 1 July.
insert into stored_settings (name, value) values ('timezone', 'America/New_York');

-- Two contracts, one of them from July on. A call at 23:30 of 30 June and one at half past midnight, by New York's clocks.
insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('c1', 'acme', 1000, '2024-06-01'), ('c2', 'birch', 1000, '2024-07-01');
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values
    ('t1', 'acme', 'call', '2024-07-01 03:30:00'), ('t2', 'acme', 'call', '2024-07-01 04:30:00');

-- Usage around the same midnight, from two systems, one event of them delivered twice, and one that comes again with
-- another time, which does not count.
insert into stored_usage_events (event_id, account_id, user_id, event, ts, source) values
    ('e1', 'acme', 'u', 'login', '2024-07-01 03:59:59', 'app'), ('e1', 'acme', 'u', 'login', '2024-07-01 04:00:00', 'web'),
    ('e2', 'acme', '',  'login', '2024-06-15 12:00:00', 'app'), ('e2', 'acme', '',  'login', '2024-06-15 12:00:00', 'app');
insert into stored_usage_events (event_id, account_id, user_id, event, ts, source) values ('e2', 'acme', '', 'login', '2024-07-01 02:00:00', 'app');

-- By hand, at the end of 30 June: of usage two events (03:59:59 UTC of 1 July is 1719806399), one contract (1 June is 1717200000), one call (03:30 UTC of 1 July is 1719804600), one setting, which has no day.
select * from freshness where day = '2024-06-30' and rows > 0 order by table;

-- By hand, a day later: three events (04:00 UTC is 1719806400), of the others two of each (1 July is 1719792000, 04:30 UTC of it 1719808200).
select * from freshness where day = '2024-07-01' and rows > 0 order by table;

-- The same file is imported again: nothing has changed.
insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('c1', 'acme', 1000, '2024-06-01'), ('c2', 'birch', 1000, '2024-07-01');
select table, rows from freshness where day = '2024-07-01' and table = 'contracts';

-- All facts but usage are broken down by system, and the roll-up by account has the same number.
select table, source, rows, latest_at from freshness_detail where day = '2024-07-01' order by table, source;
select sum(events) as events, max(last_at) as latest_at from stored_usage_account_days final where day <= '2024-07-01';

-- Tables without facts have no latest one, and are there all the same.
select count() as tables, countIf(latest_timestamp_seconds is null) as without_facts from freshness where day = '2024-07-01';
