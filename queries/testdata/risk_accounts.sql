-- Which accounts have most at risk? The two largest are named.
insert into stored_settings (name, value) values ('health_measures', 'verified_outcome'), ('risk_accounts', '2');

-- Acme has two contracts, of which the second, under notice, ends first. Birch and Cedar pay the same, so the name decides. Dune's
-- contract is open. Elm is fine.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, notice_on) values
    ('acme-1', 'acme',  'core', 90000, '2024-01-01', '2025-01-01', null),
    ('acme-2', 'acme',  'mail', 10000, '2024-01-01', '2024-10-01', '2024-06-01'),
    ('birch',  'birch', 'core', 20000, '2024-01-01', '2024-07-01', null),
    ('cedar',  'cedar', 'core', 20000, '2024-01-01', '2025-01-01', null),
    ('dune',   'dune',  'core', 1000,  '2024-01-01', null,         null),
    ('elm',    'elm',   'core', 50000, '2024-01-01', '2025-01-01', null);
insert into stored_accounts (account_id, csm, updated_at) values ('acme', 'kim', '2024-01-01'), ('birch', 'lee', '2024-01-01'), ('cedar', 'lee', '2024-01-01');
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values
    ('1', 'acme', '2024-03-01', false), ('2', 'birch', '2024-03-01', false), ('3', 'cedar', '2024-03-01', false), ('4', 'dune', '2024-03-01', false), ('5', 'elm', '2024-03-01', true);

-- By hand, at the end of 30 June 2024: Acme 100,000 at risk, all in all; the first to end does so on 1 October, after July, August and September: 92 days
-- of 86,400 seconds. Birch ends tonight: 0 seconds. The others are Cedar and Dune, 21,000.
select * from risk_accounts where day = '2024-06-30' order by account;
select account, account_id, csm, segment, arr, score, renewal_seconds, band, reason, notice_arr from risk_accounts_detail where day = '2024-06-30' order by account_id;

-- By hand: 100,000 + 20,000 + 21,000, as in risk.
select (select sum(arr) from risk_accounts where day = '2024-06-30') as here, (select sum(arr) from risk where day = '2024-06-30') as there;

-- With 30 days of grace from July on, Birch counts on although its contract ended on 1 July and nobody has renewed it. By hand, on 10 July: 20,000 at risk, and 0 seconds until
-- the end of its contract, so that whoever asks for ends that are near still finds it.
insert into stored_settings (name, value, starts_on) values ('grace_days', '30', '2024-07-01');
select account, arr, renewal_seconds from risk_accounts where day = '2024-07-10' order by account;
select account_id, due_on from account_states where day = '2024-07-10' and account_id in ('acme', 'birch') order by account_id;
