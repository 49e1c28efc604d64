-- Who looks after how much? The verified outcome is all that counts for health.
insert into stored_settings (name, value) values ('health_measures', 'verified_outcome');
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, notice_on) values
    ('acme',    'acme',  'core', 100000, '2023-01-01', null,         null),
    ('birch-1', 'birch', 'core', 20000,  '2023-01-01', null,         null),
    ('birch-2', 'birch', 'mail', 5000,   '2023-01-01', '2025-01-01', '2024-06-01'),
    ('cedar',   'cedar', 'core', 3000,   '2023-01-01', null,         null),
    ('dune',    'dune',  'core', 400,    '2023-01-01', null,         null),
    ('elm',     'elm',   'core', 7000,   '2023-01-01', '2024-06-30', null);

-- Kim owns Acme and Birch. Cedar was Lee's until Kim took over on 30 June; Zoe will on 1 July. Nobody owns Dune. Elm, Lee's, has left, so
-- Lee has no paying account.
insert into stored_accounts (account_id, csm, updated_at) values
    ('acme', 'kim', '2023-01-01'), ('birch', 'kim', '2023-01-01'), ('cedar', 'lee', '2023-01-01'), ('cedar', 'kim', '2024-06-30 12:00:00'), ('cedar', 'zoe', '2024-07-01'),
    ('elm', 'lee', '2023-01-01');
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values ('1', 'acme', '2024-03-01', true), ('2', 'birch', '2024-03-01', true), ('3', 'cedar', '2024-03-01', false);

-- By hand: Kim 3 accounts, 128,000, of which at risk are Birch's 5,000 under notice and Cedar's 3,000; nobody: Dune, unknown, so not at risk.
select * from csm_load where day = '2024-06-30' order by csm;
select * from csm_load_detail where day = '2024-06-30' order by account_id;
