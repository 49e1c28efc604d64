-- One violation of each check of facts that contradict themselves or each other, and what is said of it (what looks like a mistake of an import is in
-- import_mistakes and missing_halves). Acme and Birch are known; nobody else is.
insert into stored_accounts (account_id, parent_account_id) values ('acme', 'holding'), ('birch', 'birch');

-- Contracts that contradict themselves: a negative price, an end before the start, a notice after the end, a currency without a rate.
insert into stored_contracts (contract_id, account_id, product, acv, currency, starts_on, ends_before, notice_on) values
    ('negative', 'acme', 'a', -1,   '',    '2024-01-01', null,         null),
    ('backward', 'acme', 'b', 1000, '',    '2024-02-01', '2024-01-01', null),
    ('late',     'acme', 'c', 1000, '',    '2024-01-01', '2024-05-01', '2024-06-01'),
    ('abroad',   'acme', 'd', 1000, 'XXX', '2024-01-01', null,         null);

-- Renewals that cannot be: of a contract that is not there, from before its predecessor began, of another account's contract.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, renewed_from) values
    ('nothing', 'acme',  'e', 1000, '2024-01-01', null,         'lost'),
    ('first',   'acme',  'f', 1000, '2024-02-01', '2024-03-01', ''),
    ('before',  'acme',  'f', 1000, '2024-01-01', '2024-02-01', 'first'),
    ('mine',    'acme',  'g', 1000, '2024-01-01', '2024-02-01', ''),
    ('yours',   'birch', 'g', 1000, '2024-02-01', null,         'mine');

-- Two contracts for the same thing at the same time, and one of an account that nobody knows.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('twice-1', 'birch',  'h', 1000, '2024-01-01', '2024-12-01'),
    ('twice-2', 'birch',  'h', 1000, '2024-06-01', '2025-06-01'),
    ('orphan',  'nobody', 'i', 1000, '2024-01-01', null);

-- Other facts of unknown accounts.
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values ('t1', 'nobody', 'call', '2024-06-01 00:00:00');
insert into stored_value_reviews (review_id, account_id, reviewed_on) values ('v1', 'nobody', '2024-06-01');
insert into stored_opportunities (opportunity_id, account_id, kind, created_on) values ('o1', 'nobody', 'upsell', '2024-06-01');

-- Off the scale, before its time, and not a rate.
insert into stored_risks (risk_id, account_id, kind, severity, raised_on) values ('r1', 'acme', 'budget', 4, '2024-06-01'), ('r2', 'acme', 'budget', 3, '2024-06-01');
insert into stored_surveys (response_id, account_id, kind, score, responded_at) values ('s1', 'acme', 'nps', 11, '2024-06-01 00:00:00'), ('s2', 'acme', 'csat', 5, '2024-06-01 00:00:00');
insert into stored_tickets (ticket_id, account_id, opened_at, resolved_at) values ('k1', 'acme', '2024-06-02 00:00:00', '2024-06-01 00:00:00');
insert into stored_fx_rates (currency, day, rate) values ('YYY', '2024-01-01', 0);

-- A health band that ends before it begins, one for no reason, and one that is as it should be.
insert into stored_health_overrides (override_id, account_id, band, reason, starts_on, ends_before) values
    ('h1', 'acme', 'red', 'Their budget is cut.', '2024-06-01', '2024-06-01'), ('h2', 'acme', 'red', ' ', '2024-06-01', '2024-07-01'),
    ('h3', 'acme', 'red', 'Their budget is cut.', '2024-06-01', '2024-07-01');

-- A clock that runs two days ahead.
insert into stored_usage_events (event_id, account_id, event, ts, ingested_at) values
    ('e1', 'acme', 'login', '2024-06-03 00:00:00', '2024-06-01 00:00:00'), ('e2', 'acme', 'login', '2024-06-01 12:00:00', '2024-06-01 00:00:00');
-- The first of them is delivered again, which is no conflict and no second violation.
insert into stored_usage_events (event_id, account_id, event, ts, ingested_at) values ('e1', 'acme', 'login', '2024-06-03 00:00:00', '2024-06-02 00:00:00');
-- An event comes again with another account: the first one stays, and so Nobody's is not counted. But Stranger's are, two
-- in number of one account.
insert into stored_usage_events (event_id, account_id, event, ts, ingested_at) values ('e3', 'acme', 'login', '2024-06-01 12:00:00', '2024-06-02 00:00:00');
insert into stored_usage_events (event_id, account_id, event, ts, ingested_at) values
    ('e3', 'nobody', 'login', '2024-06-01 12:00:00', '2024-06-03 00:00:00'),
    ('e4', 'stranger', 'login', '2024-06-01 12:00:00', '2024-06-03 00:00:00'), ('e5', 'stranger', 'login', '2024-06-02 12:00:00', '2024-06-03 00:00:00');
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at, ingested_at) values ('t2', 'acme', 'call', '2024-06-03 00:00:00', '2024-06-01 00:00:00');

-- By hand: each of these checks has one.
select * from quality where day = '2024-12-31' order by check;
select check, table, source, id, reason from quality_detail where day = '2024-12-31' order by check, id;

-- By hand, at the end of 2023: no fact is dated by then but what we know of accounts, so two checks have one violation and the others none.
select violations, count() as checks from quality where day = '2023-12-31' group by violations order by violations;
