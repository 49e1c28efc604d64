-- Do customers reach the three value points by their deadlines?

insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme', 'acme', 'core', 120000, '2024-01-01', null), ('birch', 'birch', 'core', 120000, '2024-01-01', null),
    ('cedar', 'cedar', 'core', 20000, '2024-01-01', '2024-03-01'), ('elm', 'elm', 'core', 20000, '2023-06-01', null);

-- Acme: the first on the day, the second a day late, the third is due tomorrow. Birch's first was re-planned and reached by the new
-- deadline: not in time; its second has no deadline; the third was due a year and a day ago and is reached. Cedar left before
-- its first: not reached. Dune never paid. Elm's third was due on 1 July 2023, the first of the twelve months.
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values
    ('acme',  'value_point_1', '2024-03-01', '2024-03-01', '2024-01-01'),
    ('acme',  'value_point_2', '2024-05-01', '2024-05-02', '2024-01-01'),
    ('acme',  'value_point_3', '2024-07-01', '2024-06-01', '2024-01-01'),
    ('birch', 'value_point_1', '2024-03-01', null,         '2024-01-01'),
    ('birch', 'value_point_1', '2024-04-01', '2024-03-20', '2024-02-20'),
    ('birch', 'value_point_2', null,         '2024-03-20', '2024-02-20'),
    ('birch', 'value_point_3', '2023-06-30', '2023-06-30', '2024-02-20'),
    ('cedar', 'value_point_1', '2024-03-10', null,         '2024-01-01'),
    ('dune',  'value_point_1', '2024-03-10', '2024-03-10', '2024-01-01'),
    ('elm',   'value_point_3', '2023-07-01', '2023-06-20', '2024-01-01');

-- By hand, on 30 June 2024: high 1: 1 of 2, 2: 0 of 1, 3: none; low 1: 0 of 1, 3: 1 of 1.
select * from value_points where day = '2024-06-30' order by segment, point;
select * from value_points_detail where day = '2024-06-30' order by segment, point, account_id;

-- By hand, tomorrow: Acme's third is due and reached, and Elm's is no longer asked.
select * from value_points where day = '2024-07-01' and point = 'value_point_3' order by segment;
