-- Who got better or worse in the 28 days since 2 June? Set-up done weighs 1, verified outcome 2: both 100, green; the outcome
-- alone 66.67, yellow; the set-up alone 33.33, red.
insert into stored_settings (name, value) values ('health_measures', 'setup_done,verified_outcome');
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('acme', 'acme', 20000, '2023-01-01', null), ('birch', 'birch', 1000, '2023-01-01', null), ('cedar', 'cedar', 1000, '2023-01-01', null),
    ('dune', 'dune', 1000, '2023-01-01', null), ('elm', 'elm', 1000, '2024-06-15', null), ('gum', 'gum', 1000, '2023-01-01', null),
    ('hazel', 'hazel', 1000, '2023-01-01', null), ('ivy', 'ivy', 1000, '2023-01-01', '2024-06-20');

-- Fir grew from 9,000 to 10,000 in June, so it is low touch by now.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on) values ('fir', 'fir', 'core', 9000, '2023-01-01'), ('fir-2', 'fir', 'mail', 1000, '2024-06-10');
insert into stored_milestones (account_id, milestone, reached_on, updated_at)
select arrayJoin(['acme', 'birch', 'cedar', 'elm', 'fir', 'gum', 'hazel', 'ivy']), 'setup', '2023-02-01', '2023-02-01';

-- Acme's outcome was verified on 3 June, 27 days ago: 33 to 100. Birch's is in doubt since today: 100 to 33. Cedar's was verified on 2 June, and
-- stood so 28 days ago already. Of Dune nothing was known before. Elm did not pay yet, and Ivy does not any more. Fir went from 100 to 33.
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values
    ('1', 'acme',  '2024-01-10', false), ('2', 'acme',  '2024-06-03', true), ('3', 'birch', '2024-01-10', true), ('4', 'birch', '2024-06-30', false),
    ('5', 'cedar', '2024-01-10', false), ('6', 'cedar', '2024-06-02', true), ('7', 'dune',  '2024-06-10', true), ('8', 'elm',   '2024-06-20', true),
    ('9', 'fir',   '2024-01-10', true),  ('10', 'fir',  '2024-06-20', false), ('11', 'gum', '2024-01-10', true), ('12', 'hazel', '2024-01-10', true),
    ('13', 'ivy',  '2024-01-10', true),  ('14', 'ivy',  '2024-06-10', false);

-- Gum's score is 100 as ever, but a severe risk was seen on 10 June: green to red. Hazel was held at yellow by hand until 14 June.
insert into stored_risks (risk_id, account_id, kind, severity, raised_on) values ('1', 'gum', 'champion_left', 3, '2024-06-10');
insert into stored_health_overrides (override_id, account_id, band, reason, starts_on, ends_before) values ('1', 'hazel', 'yellow', 'wait for their summit', '2024-05-01', '2024-06-15');

-- By hand: improved Acme (low) and Hazel; declined Birch, Gum (2 accounts, 2,000) and Fir (low touch, with all of its 10,000).
select segment, direction, accounts, arr from health_changes where day = '2024-06-30' order by segment, direction;
select segment, direction, account_id, from_band, to_band, round(from_score, 2) as from_score, round(to_score, 2) as to_score
from health_changes_detail where day = '2024-06-30' order by account_id;
