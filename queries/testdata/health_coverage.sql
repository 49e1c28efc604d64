-- Of how many accounts is each measure of health there?

-- Two accounts of tech touch. From 2024 on only three measures count.
insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('1', 'acme', 1000, '2023-01-01'), ('2', 'birch', 1000, '2023-01-01');
insert into stored_settings (name, starts_on, value) values ('health_measures', '2024-01-01', 'touch,setup_done,verified_outcome');

-- Both were touched, Birch long ago: more than a year. Acme's set-up is planned and not done, which is a measure. Nobody's value was
-- reviewed.
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values
    ('1', 'acme', 'call', '2024-06-01 09:00:00'), ('2', 'birch', 'call', '2023-06-30 09:00:00');
insert into stored_milestones (account_id, milestone, due_on) values ('acme', 'setup', '2024-05-01');

-- By hand, on 30 June 2024, 366 days after Birch's call: touch 1 of 2, set-up 1 of 2, outcome 0 of 2.
select * from health_coverage where day = '2024-06-30' order by measure;
select account_id, measure, value, measured_on, score from health_coverage_detail where day = '2024-06-30' order by measure, account_id;

-- A day earlier the call is 365 days old, which is not too old.
select measure, measured_accounts from health_coverage where day = '2024-06-29' order by measure;
