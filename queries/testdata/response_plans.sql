-- Is there a plan for every account at risk? All are red, but Hazel.
insert into stored_settings (name, value) values ('health_measures', 'verified_outcome');
insert into stored_contracts (contract_id, account_id, acv, starts_on) values
    ('acme', 'acme', 100000, '2023-01-01'), ('birch', 'birch', 20000, '2023-01-01'), ('cedar', 'cedar', 30000, '2023-01-01'), ('dune', 'dune', 1000, '2023-01-01'),
    ('elm', 'elm', 2000, '2023-01-01'), ('fir', 'fir', 3000, '2023-01-01'), ('gum', 'gum', 4000, '2023-01-01'), ('hazel', 'hazel', 5000, '2023-01-01');
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified)
select a, a, '2024-03-01', a = 'hazel' from (select arrayJoin(['acme', 'birch', 'cedar', 'dune', 'elm', 'fir', 'gum', 'hazel']) as a);

-- Acme has one item to do and one that is done. Birch's only one is done today. Cedar's is done tomorrow, so it is open. Dune's was entered after as_of
-- but was due in June: somebody was late in writing it down. Elm's was entered after as_of and is due after it: it did not exist. Fir's
-- is long overdue and open. Gum has none. Hazel, which is not at risk, has one.
insert into stored_action_items (item_id, account_id, due_on, done_on, updated_at) values
    ('1', 'acme',  '2024-07-31', null,         '2024-06-01'),
    ('2', 'acme',  '2024-06-15', '2024-06-14', '2024-06-14'),
    ('3', 'birch', '2024-06-30', null,         '2024-06-01'), ('3', 'birch', '2024-06-30', '2024-06-30', '2024-06-30'),
    ('4', 'cedar', '2024-07-10', null,         '2024-06-01'), ('4', 'cedar', '2024-07-10', '2024-07-01', '2024-07-01'),
    ('5', 'dune',  '2024-06-20', null,         '2024-07-05'),
    ('6', 'elm',   '2024-07-20', null,         '2024-07-05'),
    ('7', 'fir',   '2024-01-15', null,         '2024-01-01'),
    ('8', 'hazel', '2024-07-31', null,         '2024-06-01');

-- By hand, at the end of 30 June 2024: high Acme, 1 of 1; low Cedar, of Birch and Cedar, 20,000 of 50,000 unplanned; tech Dune and Fir, of Dune, Elm, Fir, Gum: 1/2,
-- 6,000 of 10,000 unplanned.
select * from response_plans where day = '2024-06-30' order by segment;
select segment, account_id, planned_accounts, items, at_risk_arr, unplanned_arr from response_plans_detail where day = '2024-06-30' order by account_id;
