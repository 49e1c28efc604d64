-- How much ARR is at risk, and why? The verified outcome is all that counts: verified 100, green; not verified 0, red.
insert into stored_settings (name, value) values ('health_measures', 'verified_outcome');
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, notice_on) values
    ('acme',    'acme',    'core', 100000, '2023-01-01', null,         null),
    ('birch',   'birch',   'core', 20000,  '2023-01-01', null,         null),
    ('cedar',   'cedar',   'core', 30000,  '2023-01-01', null,         null),
    ('dune-1',  'dune',    'core', 12000,  '2023-01-01', null,         null),
    ('dune-2',  'dune',    'mail', 5000,   '2023-01-01', '2025-01-01', '2024-06-30'),
    ('elm-1',   'elm',     'core', 7000,   '2023-01-01', null,         null),
    ('elm-2',   'elm',     'mail', 2000,   '2023-01-01', '2025-01-01', '2024-06-01'),
    ('fir',     'fir',     'core', 3000,   '2023-01-01', '2025-01-01', '2024-05-01'),
    ('gum',     'gum',     'core', 4000,   '2023-01-01', '2025-01-01', '2024-07-01'),
    ('hazel',   'hazel',   'core', 500,    '2023-01-01', null,         null),
    ('ivy',     'ivy',     'core', 600,    '2023-01-01', null,         null),
    ('juno',    'juno',    'core', 700,    '2023-01-01', null,         null),
    ('kilo',    'kilo',    'core', 800,    '2023-01-01', null,         null),
    ('lima',    'lima',    'core', 900,    '2023-01-01', null,         null),
    ('sandbox', 'sandbox', 'core', 50000,  '2023-01-01', null,         null);
insert into stored_accounts (account_id, is_test, updated_at) values ('sandbox', true, '2023-01-01');
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values
    ('1', 'acme', '2024-03-01', false), ('2', 'birch', '2024-03-01', true), ('3', 'cedar', '2024-03-01', false), ('4', 'dune', '2024-03-01', true),
    ('5', 'elm',  '2024-03-01', false), ('6', 'fir',   '2024-03-01', false), ('7', 'gum',  '2024-03-01', true), ('8', 'hazel', '2024-03-01', false),
    ('9', 'ivy',  '2024-03-01', true),  ('10', 'juno', '2024-03-01', true), ('11', 'lima', '2024-03-01', true), ('12', 'sandbox', '2024-03-01', false);
insert into stored_risks (risk_id, account_id, kind, severity, raised_on) values
    ('1', 'birch', 'budget', 2, '2024-06-01'), ('2', 'cedar', 'budget', 3, '2024-06-01'), ('3', 'juno', 'budget', 1, '2024-06-01'),
    ('4', 'kilo',  'budget', 2, '2024-06-01'), ('5', 'lima',  'budget', 2, '2024-06-01');

-- Hazel's red score is overruled by hand; Ivy's green one, too, the other way. Lima is set to green, but its risk is open all the same.
insert into stored_health_overrides (override_id, account_id, band, reason, starts_on, ends_before) values
    ('1', 'hazel', 'green', 'new champion',      '2024-06-01', '2024-09-01'), ('2', 'ivy', 'red', 'they look elsewhere', '2024-06-01', '2024-09-01'),
    ('3', 'lima',  'green', 'they will be fine', '2024-06-01', '2024-09-01');

-- By hand, at the end of 30 June 2024:
--   high  Acme by usage 100,000
--   low   Birch by qualitative risk 20,000, Cedar by both 30,000; Dune, otherwise green, gave notice for 5,000 today
--   tech  Elm twice: 2,000 by notice and the 7,000 that are left by usage. Fir gave notice for all, so its red score adds nothing: notice 3,000.
--         Gum gives notice tomorrow: none. Hazel none. Ivy 600, Kilo, whose score is unknown, 800, Lima 900: qualitative. Juno's risk is
--         of low severity: none.
select segment, reason, arr, accounts from risk where day = '2024-06-30' order by segment, reason;
select segment, account_id, reason, arr, band, score, severity, worst from risk_detail where day = '2024-06-30' order by account_id, reason;
