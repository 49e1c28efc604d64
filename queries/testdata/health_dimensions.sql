-- Where does health come from: deployment, engagement, adoption or return? Adoption does not count here, and for low touch
-- nothing but the outcome does.
insert into stored_settings (name, segment, value) values
    ('health_measures', '', 'setup_done,touch,tickets,verified_outcome'), ('health_measures', 'low', 'verified_outcome');
insert into stored_contracts (contract_id, account_id, acv, starts_on) values
    ('acme', 'acme', 100000, '2023-01-01'), ('birch', 'birch', 100000, '2023-01-01'), ('cedar', 'cedar', 20000, '2023-01-01');
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values
    ('acme', 'setup', '2023-02-01', '2023-02-01', '2023-02-01'), ('birch', 'setup', '2023-02-01', null, '2023-01-01'), ('cedar', 'setup', '2023-02-01', null, '2023-01-01');
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values ('1', 'acme', 'call', '2024-06-20');
insert into stored_tickets (ticket_id, account_id, opened_at) values ('1', 'acme', '2024-06-01'), ('2', 'birch', '2024-06-01');
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values ('1', 'acme', '2024-06-01', true), ('2', 'cedar', '2024-06-01', false);

-- By hand, high touch: deployment 100 and 0, mean 50; engagement of Acme (2 * 100 + 50) / 3 = 83.33, of Birch, which was never touched, 50:
-- mean 66.67; roi 100, of one of two. Low touch: roi 0 of one; its set-up does not count. Tech touch: nobody.
select segment, dimension, round(mean_score, 2) as mean, measured_accounts, eligible_accounts from health_dimensions where day = '2024-06-30' order by segment, dimension;
select segment, account_id, dimension, round(score, 2) as score, measured_accounts, measures from health_dimensions_detail where day = '2024-06-30' order by account_id, dimension;
