-- Why are the accounts at risk that are named? Set-up done weighs 1, verified outcome 2, e-mails opened 1. One account at risk is named, and one whose
-- health fell.
insert into stored_settings (name, value) values ('health_measures', 'setup_done,verified_outcome,mail_opened'), ('risk_accounts', '1');
insert into stored_accounts (account_id, name, csm, updated_at) values ('acme', 'Acme Corp.', 'kim', '2024-01-01'), ('elm', '', 'lee', '2024-01-01');
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, notice_on) values
    ('acme-1', 'acme',  'core', 90000, '2023-01-01', null,         null),
    ('acme-2', 'acme',  'mail', 10000, '2023-01-01', '2024-10-01', '2024-06-01'),
    ('birch',  'birch', 'core', 20000, '2023-01-01', null,         null),
    ('elm',    'elm',   'core', 50000, '2023-01-01', null,         null),
    ('fir',    'fir',   'core', 50000, '2023-01-01', null,         null);
insert into stored_milestones (account_id, milestone, reached_on, updated_at) values ('elm', 'setup', '2023-02-01', '2023-02-01'), ('fir', 'setup', '2023-02-01', '2023-02-01');
insert into stored_milestones (account_id, milestone, due_on, updated_at) values ('acme', 'setup', '2023-02-01', '2023-01-01');
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values
    ('1', 'acme', '2024-03-01', false), ('2', 'birch', '2024-03-01', false), ('3', 'elm', '2024-03-01', true), ('4', 'elm', '2024-06-10', false), ('5', 'fir', '2024-03-01', true);

-- Acme's champion left, and somebody else of theirs did; a severe reorganisation was over in June; the budget is a matter of severity 1.
insert into stored_risks (risk_id, account_id, kind, severity, raised_on, closed_on) values
    ('1', 'acme', 'champion_left', 2, '2024-06-10', null), ('2', 'acme', 'champion_left', 3, '2024-06-12', null),
    ('3', 'acme', 'reorganisation', 3, '2024-05-01', '2024-06-01'), ('4', 'acme', 'budget', 1, '2024-06-01', null);

-- By hand: Acme, 100,000 at risk, has given notice of a part, its champion has left, and of the measures the outcome costs 2/3 of 100 points,
-- more than the set-up (1/3). Nobody mailed it. Birch is at risk with less. Elm's outcome is in doubt since June: 2/3 of 100 points too. Fir is fine.
select account, name, csm, driver, rank, round(points, 2) as points from risk_drivers where day = '2024-06-30' order by account, rank;
select account_id, driver, rank, round(points, 2) as points, segment, band from risk_drivers_detail where day = '2024-06-30' order by account_id, rank;

-- By hand: on 31 May, before notice and champions, Acme has the reorganisation and the two measures, and nobody's health has fallen.
select account, name, csm, driver, rank, round(points, 2) as points from risk_drivers where day = '2024-05-31' order by account, rank;
