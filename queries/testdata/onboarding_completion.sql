-- Of those who began lately, how many have finished onboarding?

-- On 30 June 2024 the windows begin at the end of 31 May, 31 March and 30 June 2023.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme',  'acme',  'core', 20000, '2024-06-01', null),
    ('birch', 'birch', 'core', 20000, '2024-05-31', null),
    ('cedar', 'cedar', 'core', 20000, '2024-04-01', null),
    ('dune',  'dune',  'core', 20000, '2024-03-31', null),
    ('elm',   'elm',   'core', 20000, '2023-07-01', '2024-02-01'),
    ('fir',   'fir',   'core', 20000, '2023-07-01', '2024-02-01'),
    ('gum1',  'gum',   'core', 20000, '2023-08-01', '2023-09-01'),
    ('gum2',  'gum',   'core', 20000, '2024-06-01', null),
    ('hazel', 'hazel', 'core', 20000, '2023-06-30', null),
    ('ivy',   'ivy',   'core', 20000, '2024-07-01', null);

-- Acme is done on the day itself, Cedar late, but it is done. Elm was done before it left, Fir was not. Gum left, came back in June and is not done: it began
-- in August. Hazel began a day too early, Ivy begins tomorrow. Birch's day is entered in July.
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values
    ('acme',  'onboarded', '2024-08-01', '2024-06-30', '2024-06-30'),
    ('birch', 'onboarded', '2024-08-01', '2024-07-01', '2024-07-01'),
    ('cedar', 'onboarded', '2024-05-01', '2024-06-01', '2024-06-01'),
    ('elm',   'onboarded', '2023-10-01', '2023-09-01', '2023-09-01'),
    ('hazel', 'onboarded', '2023-10-01', '2023-09-01', '2023-09-01');

-- By hand: 1m Acme, 1 of 1; 3m Acme, Birch and Cedar, 2 of 3, Birch open; 12m these, Dune, Elm, Fir and Gum: 3 of 7, open Birch, Dune and Gum, left Fir.
select * from onboarding_completion where day = '2024-06-30' and segment = 'low' order by window;
select * from onboarding_completion_detail where day = '2024-06-30' order by window, account_id;

-- By hand: nobody began in high touch, so there is no ratio.
select window, ratio, started_accounts from onboarding_completion where day = '2024-06-30' and segment = 'high' order by window;
