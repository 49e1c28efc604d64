-- What do our people worry about?

insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme', 'acme', 'core', 100000, '2023-01-01', null), ('birch', 'birch', 'core', 20000, '2023-01-01', null), ('cedar', 'cedar', 'core', 5000, '2023-01-01', '2024-06-01');

-- Acme: two of budget, which is one account, and one of another kind. Birch's is closed tomorrow, another closes today, a third
-- is raised tomorrow. Cedar has left.
insert into stored_risks (risk_id, account_id, kind, severity, raised_on, closed_on) values
    ('1', 'acme',  'budget',        1, '2024-01-01', null),
    ('2', 'acme',  'budget',        3, '2024-06-30', null),
    ('3', 'acme',  'champion_left', 2, '2024-05-01', null),
    ('4', 'birch', 'budget',        2, '2024-05-01', '2024-07-01'),
    ('5', 'birch', 'quality',       2, '2024-05-01', '2024-06-30'),
    ('6', 'birch', 'quality',       2, '2024-07-01', null),
    ('7', 'cedar', 'budget',        2, '2024-05-01', null);

-- By hand: budget 2 accounts, 120,000; champion_left 1, 100,000.
select * from qualitative_risks where day = '2024-06-30' order by kind;
select * from qualitative_risks_detail where day = '2024-06-30' order by kind, account_id;
