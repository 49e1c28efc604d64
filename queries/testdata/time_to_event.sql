-- After how long do customers leave, use it, see value and finish onboarding?

-- High touch: four left after 9, 19, 32 and 34 days; two still pay, after 50 and 48 days. Low touch: Gum left after 20 days and came back; Hazel
-- has paid for 20 days. Tech touch: none.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme',  'acme',  'core', 120000, '2024-05-11', null),
    ('birch', 'birch', 'core', 120000, '2024-05-13', null),
    ('cedar', 'cedar', 'core', 120000, '2024-01-01', '2024-01-10'),
    ('dune',  'dune',  'core', 120000, '2024-01-01', '2024-01-20'),
    ('elm',   'elm',   'core', 120000, '2024-01-01', '2024-02-02'),
    ('fir',   'fir',   'core', 120000, '2024-01-01', '2024-02-04'),
    ('gum1',  'gum',   'core', 20000,  '2024-03-01', '2024-03-21'),
    ('gum2',  'gum',   'core', 20000,  '2024-05-01', null),
    ('hazel', 'hazel', 'core', 20000,  '2024-06-10', null);

-- Gum saw its first value after 80 days, when it had come back; Hazel in its trial, so at once; Elm after 32 days, on the first day on which it no
-- longer paid, which still counts; Fir after it had left. Acme's comes tomorrow. Gum is onboarded after 100 days, Hazel by an entry of July about
-- 15 June. Birch used it after 4 days.
insert into stored_milestones (account_id, milestone, reached_on, updated_at) values
    ('gum',   'value_point_1', '2024-05-20', '2024-05-20'),
    ('gum',   'onboarded',     '2024-06-09', '2024-06-09'),
    ('hazel', 'value_point_1', '2024-06-01', '2024-06-01'),
    ('hazel', 'onboarded',     '2024-06-15', '2024-07-10'),
    ('elm',   'value_point_1', '2024-02-02', '2024-02-02'),
    ('fir',   'value_point_1', '2024-03-01', '2024-03-01'),
    ('acme',  'value_point_1', '2024-07-01', '2024-07-01'),
    ('birch', 'time_to_use',   '2024-05-17', '2024-05-17');

-- By hand: churn, high: half have left after 32 days, 2764800 seconds. The lower bound of the curve is below a half at once, after 9 days (0.27), the
-- upper one never (0.68 after 34). Low: Gum after 20 days, when Hazel is censored: 1/2, so 20 days, 1728000 seconds; its bounds are 0.006 and
-- 0.910. First value, high: Elm after 32 days, of Acme, Birch, Elm and Fir: 3/4. Low: Hazel at once, 1/2, and Gum after 80 days, 0.
select * from time_to_event where day = '2024-06-30' order by event, segment;
select * from time_to_event_detail where day = '2024-06-30' order by event, account_id;
