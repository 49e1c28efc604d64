-- A day ends at midnight in the reporting time zone, also on the days when the clocks change.

-- We report in New York's time. Summer time ended there on 3 November 2024: that day has 25 hours and ends at 05:00 UTC of the 4th.
-- It began on 10 March 2024: that day has 23 hours and ends at 04:00 UTC of the 11th.
insert into stored_settings (name, value) values ('timezone', 'America/New_York');
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values
    ('spring-1', 'acme', 'call', '2024-03-11 03:59:59'),
    ('spring-2', 'acme', 'call', '2024-03-11 04:00:00'),
    ('autumn-1', 'acme', 'call', '2024-11-04 04:59:59'),
    ('autumn-2', 'acme', 'call', '2024-11-04 05:00:00');

-- By hand: of each pair the first is on the day, the second on the next.
select day, rows from freshness where day in ('2024-03-10', '2024-03-11', '2024-11-03', '2024-11-04') and table = 'touchpoints' order by day;

-- Acme's contract is due on 31 January, and its value was reviewed. It was called late on 3 November, and again just after midnight.
-- By hand: at the end of the 3rd the last call is of that day, and a day later of the 4th. That one counts for 60 days, the 60th is
-- 2 January; on the 3rd of January none counts.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values ('acme', 'acme', 1000, '2024-01-01', '2025-01-31');
insert into stored_value_reviews (review_id, account_id, reviewed_on) values ('v', 'acme', '2024-06-01');
select touched_on, ready_accounts from renewal_readiness_detail where day = '2024-11-03';
select touched_on, ready_accounts from renewal_readiness_detail where day = '2024-11-04';
select touched_on, ready_accounts from renewal_readiness_detail where day = '2025-01-02';
select touched_on, ready_accounts from renewal_readiness_detail where day = '2025-01-03';

-- Santiago has no midnight on 8 September 2024: the clocks go from 23:59:59 of the 7th to 01:00, at 04:00 UTC.
insert into stored_settings (name, value, updated_at) values ('timezone', 'America/Santiago', '2100-01-01 00:00:00');
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values
    ('santiago-1', 'acme', 'call', '2024-09-08 03:59:59'), ('santiago-2', 'acme', 'call', '2024-09-08 04:00:00');

-- By hand: the two calls of March and the first of these by the end of the 7th; all four by the end of the 8th.
select day, rows from freshness where day in ('2024-09-07', '2024-09-08') and table = 'touchpoints' order by day;
