-- Whose health fell most in the 28 days since 2 June? Set-up done weighs 1, verified outcome 2: both 100, green; the outcome alone
-- 66.67, yellow; the set-up alone 33.33, red. The two that matter most are named.
insert into stored_settings (name, value) values ('health_measures', 'setup_done,verified_outcome'), ('risk_accounts', '2');
insert into stored_accounts (account_id, csm, updated_at) values ('birch', 'kim', '2023-01-01'), ('fir', 'lee', '2023-01-01'), ('gum', 'lee', '2023-01-01');
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('acme', 'acme', 20000, '2023-01-01', null), ('birch', 'birch', 1000, '2023-01-01', null), ('dune', 'dune', 1000, '2023-01-01', null),
    ('elm', 'elm', 1000, '2024-06-15', null), ('fir', 'fir', 90000, '2023-01-01', null), ('gum', 'gum', 1000, '2023-01-01', null),
    ('hazel', 'hazel', 1000, '2023-01-01', null), ('ivy', 'ivy', 1000, '2023-01-01', '2024-06-20');
insert into stored_milestones (account_id, milestone, reached_on, updated_at)
select arrayJoin(['acme', 'birch', 'elm', 'gum', 'ivy', 'hazel']), 'setup', '2023-02-01', '2023-02-01';

-- Acme got better. Birch's outcome is in doubt since today: 100 to 33, red. Of Dune nothing was known before. Elm did not pay yet, and Ivy does not any
-- more. Fir has no set-up on record; its outcome was doubted, 100 to 0. Hazel is at 100, as ever.
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values
    ('1', 'acme', '2024-01-10', false), ('2', 'acme', '2024-06-03', true), ('3', 'birch', '2024-01-10', true), ('4', 'birch', '2024-06-30', false),
    ('7', 'dune', '2024-06-10', false), ('8', 'elm', '2024-06-20', true), ('9', 'fir', '2024-01-10', true), ('10', 'fir', '2024-06-20', false),
    ('11', 'gum', '2024-01-10', true), ('12', 'hazel', '2024-01-10', true), ('13', 'ivy', '2024-01-10', true), ('14', 'ivy', '2024-06-10', false);

-- Gum's score is 100 as ever, but a risk of severity 3 was seen on 10 June: green to red, without a point lost.
insert into stored_risks (risk_id, account_id, kind, severity, raised_on) values ('1', 'gum', 'champion_left', 3, '2024-06-10');

-- By hand: three turned red: Fir lost 100 points of 90,000, Birch 66.67 of 1,000, and Gum, the other, none.
select account, csm, segment, from_band, band, arr, accounts, round(points, 2) as points, round(score, 2) as score from health_declines where day = '2024-06-30' order by account;
select account, account_id, from_band, band, round(points, 2) as points, round(from_score, 2) as from_score, worst from health_declines_detail where day = '2024-06-30' order by account_id;
