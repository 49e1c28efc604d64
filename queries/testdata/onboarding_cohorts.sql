-- How long does it take to onboard, by the month in which customers began?

-- In March five low-touch accounts began, in May three, in June one; Kilo in June of the year before, which is not asked any more.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme',  'acme',  'core', 20000, '2024-03-01', null),
    ('birch', 'birch', 'core', 20000, '2024-03-01', null),
    ('cedar', 'cedar', 'core', 20000, '2024-03-11', null),
    ('dune',  'dune',  'core', 20000, '2024-03-31', null),
    ('elm',   'elm',   'core', 20000, '2024-03-01', null),
    ('fir',   'fir',   'core', 20000, '2024-05-01', null),
    ('gum',   'gum',   'core', 20000, '2024-05-01', '2024-05-21'),
    ('hazel', 'hazel', 'core', 20000, '2024-05-01', null),
    ('ivy',   'ivy',   'core', 20000, '2024-06-30', null),
    ('juno',  'juno',  'core', 20000, '2023-07-01', null),
    ('kilo',  'kilo',  'core', 20000, '2023-06-30', null);

-- Of March four are onboarded, after 10, 20, 30 and 60 days, and Elm is not yet, after 121 days. Of May Fir is, after 40 days; Gum left after 20, and Hazel
-- is not yet, after 60. Acme saw its first value before it paid, Birch 45 days after.
insert into stored_milestones (account_id, milestone, reached_on, updated_at) values
    ('acme',  'onboarded',     '2024-03-11', '2024-03-11'),
    ('birch', 'onboarded',     '2024-03-21', '2024-03-21'),
    ('cedar', 'onboarded',     '2024-04-10', '2024-04-10'),
    ('dune',  'onboarded',     '2024-05-30', '2024-05-30'),
    ('fir',   'onboarded',     '2024-06-10', '2024-06-10'),
    ('juno',  'onboarded',     '2023-07-11', '2023-07-11'),
    ('kilo',  'onboarded',     '2023-07-11', '2023-07-11'),
    ('acme',  'value_point_1', '2024-02-20', '2024-02-20'),
    ('birch', 'value_point_1', '2024-04-15', '2024-04-15');

-- By hand, onboarded, March: of five, 1/5 after 10 days, 2/5 after 20, 3/5 after 30, 4/5 after 60: half after 30 days, four fifths after 60 (2592000 and
-- 5184000 seconds). Of the four that got there: half after 20 days, four fifths (3.2 of 4) after 60, on average after 30. The mean of the first 92 days
-- is (10 + 20 + 30 + 60 + 92) / 5 = 42.4 days: 3663360. May: of 2 at risk after 40 days 1, so half after 40 days, of all; four fifths are not
-- known yet, nor is the mean of 92 days. June: nobody. July 2023: Juno after 10 days; Kilo's month is over twelve months old.
select * from onboarding_cohorts where day = '2024-06-30' and milestone = 'onboarded' order by cohort;
select * from onboarding_cohorts_detail where day = '2024-06-30' and milestone = 'onboarded' order by cohort, account_id;

-- By hand, first value, March: Acme at once, Birch after 45 days: 2/5, and four fifths of the two after 45 days. Nobody used it.
select * from onboarding_cohorts where day = '2024-06-30' and milestone != 'onboarded' and cohort = '2024-03' order by milestone;
