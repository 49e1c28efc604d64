-- How healthy are our customers? To keep it small, four measures make up the score: touch (weight 2), verified outcome (2),
-- set-up done (1) and tickets (1). All others are left out, so 6 is all the weight there is.
insert into stored_settings (name, value) values ('health_measures', 'touch, verified_outcome, setup_done, tickets');

insert into stored_contracts (contract_id, account_id, acv, starts_on) values
    ('acme',     'acme',     100000, '2023-01-01'),
    ('birch',    'birch',    120000, '2023-01-01'),
    ('cedar',    'cedar',    20000,  '2023-01-01'),
    ('dune',     'dune',     30000,  '2023-01-01'),
    ('elm',      'elm',      15000,  '2023-01-01'),
    ('fir',      'fir',      1000,   '2023-01-01'),
    ('gum',      'gum',      1000,   '2023-01-01'),
    ('hazel',    'hazel',    1000,   '2023-01-01'),
    ('ivy',      'ivy',      1000,   '2023-01-01'),
    ('juno',     'juno',     1000,   '2023-01-01'),
    ('kilo',     'kilo',     1000,   '2023-01-01'),
    ('lima',     'lima',     1000,   '2023-01-01'),
    ('mike',     'mike',     1000,   '2023-01-01'),
    ('november', 'november', 1000,   '2023-01-01'),
    ('oscar',    'oscar',    1000,   '2023-01-01'),
    ('sandbox',  'sandbox',  1000,   '2023-01-01');
insert into stored_accounts (account_id, is_test, updated_at) values ('sandbox', true, '2023-01-01');

-- High touch is to be touched within 30 days, low within 90, tech within 180; after half as long again it scores 50, after
-- twice as long 0. Acme was met 10 days ago: 100. Birch 45 days ago, Cedar 135: 50. Hazel 360 days ago: 0.
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values
    ('1',  'acme',     'meeting', '2024-06-20'), ('2',  'birch', 'meeting', '2024-05-16'), ('3',  'cedar', 'meeting', '2024-02-16'),
    ('4',  'elm',      'meeting', '2024-06-20'), ('5',  'fir',   'email',   '2024-06-20'), ('6',  'gum',   'email',   '2024-06-20'),
    ('7',  'hazel',    'email',   '2023-07-06'), ('8',  'ivy',   'email',   '2024-06-20'), ('9',  'lima',  'email',   '2023-07-06'),
    ('10', 'mike',     'email',   '2024-06-20'), ('11', 'november', 'email', '2024-06-20'), ('12', 'oscar', 'email',  '2024-07-01');

-- Dune's review is 365 days old, which is just fresh enough. Elm's is a day older: too old, so nothing is known, rather than 0.
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values
    ('1', 'acme',  '2024-03-01', true), ('2', 'birch', '2024-03-01', false), ('3', 'cedar', '2024-03-01', true), ('4',  'dune',     '2023-07-01', true),
    ('5', 'elm',   '2023-06-30', false), ('6', 'fir',  '2024-03-01', true), ('7', 'gum',   '2024-03-01', true), ('8',  'hazel',    '2024-03-01', false),
    ('9', 'ivy',   '2024-03-01', true), ('10', 'lima', '2024-03-01', false), ('11', 'mike', '2024-03-01', true), ('12', 'november', '2024-03-01', true);
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values
    ('acme', 'setup', '2023-03-01', '2023-02-20', '2023-02-20'), ('cedar', 'setup', '2023-03-01', null, '2023-01-01'), ('elm', 'setup', '2023-03-01', '2023-03-01', '2023-03-01');
insert into stored_tickets (ticket_id, account_id, opened_at) values ('1', 'acme', '2024-06-01');

-- People raised risks. Fir's is severe, and so is Juno's, of whom nothing else is known. Gum's, Hazel's and Kilo's are of medium
-- severity. Ivy's was severe and is closed today. Lima's is severe.
insert into stored_risks (risk_id, account_id, kind, severity, raised_on, closed_on) values
    ('1', 'fir', 'budget', 3, '2024-06-30', null), ('2', 'gum',  'budget', 2, '2024-06-01', null), ('3', 'hazel', 'budget', 2, '2024-06-01', null),
    ('4', 'ivy', 'budget', 3, '2024-06-01', '2024-06-30'), ('5', 'juno', 'budget', 3, '2024-06-01', null), ('6', 'kilo', 'budget', 2, '2024-06-01', null),
    ('7', 'lima', 'budget', 3, '2024-06-01', null);

-- Lima is set to green by hand for one more day, though its score is 0 and a severe risk is open. Mike's override was over
-- yesterday. November's second one began later, so it holds.
insert into stored_health_overrides (override_id, account_id, band, reason, starts_on, ends_before) values
    ('1', 'lima',     'green',  'they signed, it is on its way',  '2024-06-01', '2024-07-01'),
    ('2', 'mike',     'red',    'their champion was away',        '2024-06-01', '2024-06-30'),
    ('3', 'november', 'green',  'we trust them',                  '2024-05-01', '2024-09-01'),
    ('4', 'november', 'yellow', 'we trust them a little less',    '2024-06-01', '2024-07-15');

-- By hand, at the end of 30 June 2024:
--   acme   (2 * 100 + 2 * 100 + 100 + 50) / 6 = 91.67, green
--   birch  (2 * 50 + 2 * 0) / 4 = 25 of 4/6 measured, red; no set-up was planned and no ticket ever opened: missing, not 0
--   cedar  (2 * 50 + 2 * 100 + 0) / 5 = 60 of 5/6, yellow
--   dune   100 of 2/6: too little is measured, unknown
--   elm    (2 * 100 + 100) / 3 = 100 of 3/6, which is enough: green
--   fir    100 of 4/6, capped to red; gum to yellow; hazel is 0 and stays red; ivy's risk is over: green
--   juno   nothing is measured, but a severe risk makes it red; a medium one leaves kilo unknown
--   lima   0, green by hand; mike 100, green; november 100, yellow by hand
--   oscar  was written to on 1 July only: nothing measured, unknown
select segment, band, accounts, arr from health where day = '2024-06-30' order by segment, band;
select account_id, band, round(score, 2) as score, round(measured_ratio, 3) as measured, decided_by, worst from health_detail where day = '2024-06-30' order by account_id;
