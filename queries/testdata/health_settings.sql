-- Policy on health is by segment and lifecycle phase, and from a day on.

-- Acme is high touch, Birch and Cedar are tech touch. Cedar is still being onboarded: it began in May.
insert into stored_contracts (contract_id, account_id, acv, starts_on) values
    ('acme', 'acme', 100000, '2023-01-01'), ('birch', 'birch', 1000, '2023-01-01'), ('cedar', 'cedar', 1000, '2024-05-01');

-- All three are set up (100), and the outcome of all three is not verified (0).
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values
    ('acme', 'setup', '2024-05-10', '2024-05-10', '2024-05-10'), ('birch', 'setup', '2024-05-10', '2024-05-10', '2024-05-10'), ('cedar', 'setup', '2024-05-10', '2024-05-10', '2024-05-10');
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values
    ('1', 'acme', '2024-05-10', false), ('2', 'birch', '2024-05-10', false), ('3', 'cedar', '2024-05-10', false);

-- Set-up and verified outcome are all that counts, with the weights 1 and 2. For high touch set-up weighs 6 from 1 June on.
-- In onboarding the outcome does not count. For high touch, green begins at 80 rather than 70. A value that comes later, on
-- 1 July, is not in force yet.
insert into stored_settings (name, segment, phase, starts_on, value) values
    ('health_measures',          '',     '',           '2024-01-01', 'setup_done,verified_outcome'),
    ('health_measures',          '',     'onboarding', '2024-01-01', 'setup_done'),
    ('health_weight_setup_done', 'high', '',           '2024-06-01', '6'),
    ('health_green',             'high', '',           '2024-06-01', '80'),
    ('health_green',             '',     '',           '2024-07-01', '10');

-- By hand, at the end of 31 May: Acme and Birch 100 / 3 = 33.33, red; Cedar 100, green.
-- At the end of 30 June: Acme 6 * 100 / 8 = 75, yellow, since green begins at 80; Birch 33.33, red; Cedar 100, green.
select account_id, segment, phase, round(score, 2) as score, band from account_health where day = '2024-05-31' order by account_id;
select account_id, segment, phase, round(score, 2) as score, band, scored_band from account_health where day = '2024-06-30' order by account_id;

-- One row per segment and phase: measures, yellow, green, share to be measured.
select
    splitByChar('/', name)[1] as segment, splitByChar('/', name)[2] as phase,
    arrayMap(m -> (m.1, m.3), arrayFilter(m -> m.7 = 1, profile.1)) as weights, profile.2 as yellow, profile.3 as green, profile.4 as measured_ratio
from policy_days
array join mapKeys(profiles) as name, mapValues(profiles) as profile
where day = '2024-06-30' order by segment, phase;
