-- How recent the facts are, and how many.

-- We report in New York's time: 30 June ends there at 04:00 UTC of 1 July.
insert into cs.settings (name, value) values ('timezone', 'America/New_York');

-- Two contracts, one of them from July on. A call at 23:30 of 30 June and one at half past midnight, by New York's clocks.
insert into cs.contracts (contract_id, account_id, acv, starts_on) values ('c1', 'acme', 1000, '2024-06-01'), ('c2', 'birch', 1000, '2024-07-01');
insert into cs.touchpoints (touchpoint_id, account_id, kind, happened_at) values
    ('t1', 'acme', 'call', '2024-07-01 03:30:00'), ('t2', 'acme', 'call', '2024-07-01 04:30:00');

-- By hand, at the end of 30 June: one contract (1 June is 1717200000), one call (03:30 UTC of 1 July is 1719804600), one setting, which has no day.
select * from cs.freshness(as_of = '2024-06-30') where rows > 0 order by table;

-- By hand, a day later: two of each (1 July is 1719792000, 04:30 UTC of it 1719808200).
select * from cs.freshness(as_of = '2024-07-01') where rows > 0 order by table;

-- The same file is imported again: nothing has changed.
insert into cs.contracts (contract_id, account_id, acv, starts_on) values ('c1', 'acme', 1000, '2024-06-01'), ('c2', 'birch', 1000, '2024-07-01');
select table, rows from cs.freshness(as_of = '2024-07-01') where table = 'contracts';

-- Tables without facts have no latest one, and are there all the same.
select count() as tables, countIf(latest_timestamp_seconds is null) as without_facts from cs.freshness(as_of = '2024-07-01');
