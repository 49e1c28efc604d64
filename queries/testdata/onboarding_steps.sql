-- Where does onboarding get stuck?

insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme',  'acme',  'core', 20000, '2024-04-01', null),
    ('birch', 'birch', 'core', 20000, '2024-04-01', null),
    ('cedar', 'cedar', 'core', 20000, '2024-05-01', null),
    ('dune',  'dune',  'core', 20000, '2024-05-01', null),
    ('elm',   'elm',   'core', 20000, '2024-03-01', null),
    ('fir',   'fir',   'core', 20000, '2024-05-01', '2024-06-01'),
    ('gum',   'gum',   'core', 20000, '2024-05-01', null),
    ('hazel', 'hazel', 'core', 120000, '2024-06-01', null);

-- Acme had its kickoff on 10 April and waits for its set-up since: due 1 June, put off to 15 July, so it is 29 days late by its first deadline. Birch's
-- set-up is due today, which is not late. Cedar has its set-up and saw its first value before it was due; the second is due in
-- August, the end of onboarding in July. Dune has a kickoff without a deadline, which is to be done by the end of onboarding, 30 July, and comes before
-- it. Elm has no plan: the 90 days were over on 30 May. Fir left; Gum is onboarded. Hazel's kickoff is planned tomorrow, so that is not known yet.
insert into stored_milestones (account_id, milestone, due_on, reached_on, valid_from, updated_at) values
    ('acme',  'kickoff',       '2024-04-15', '2024-04-10', '2024-04-01', '2024-04-10'),
    ('acme',  'setup',         '2024-06-01', null,         '2024-04-01', '2024-04-01'),
    ('acme',  'setup',         '2024-07-15', null,         '2024-05-20', '2024-05-20'),
    ('acme',  'value_point_1', '2024-06-20', null,         '2024-04-01', '2024-04-01'),
    ('birch', 'setup',         '2024-06-30', null,         '2024-04-01', '2024-04-01'),
    ('cedar', 'setup',         '2024-05-20', '2024-05-15', '2024-05-01', '2024-05-15'),
    ('cedar', 'value_point_1', '2024-07-01', '2024-06-10', '2024-05-01', '2024-06-10'),
    ('cedar', 'value_point_2', '2024-08-01', null,         '2024-05-01', '2024-05-01'),
    ('cedar', 'onboarded',     '2024-07-20', null,         '2024-05-01', '2024-05-01'),
    ('dune',  'kickoff',       null,         null,         '2024-05-01', '2024-05-01'),
    ('fir',   'kickoff',       '2024-05-10', null,         '2024-05-01', '2024-05-01'),
    ('gum',   'kickoff',       '2024-05-10', null,         '2024-05-01', '2024-05-01'),
    ('gum',   'onboarded',     '2024-06-10', '2024-06-10', '2024-05-01', '2024-06-10'),
    ('hazel', 'kickoff',       '2024-07-10', null,         '2024-07-01', '2024-07-01');

-- By hand, low: kickoff Dune, for 60 days (5184000 seconds). Set-up Acme, for 81 days (6998400), stuck, and Birch, for 90 (7776000). Onboarded Cedar, for
-- 20, and Elm, stuck, for 121 days (10454400), 31 days late. High: Hazel at onboarded, for 29 days.
select * from onboarding_steps where day = '2024-06-30' and in_progress_accounts > 0 order by segment, step;
select * from onboarding_steps_detail where day = '2024-06-30' order by segment, step, account_id;

-- By hand: they are those in progress in onboarding, high 1 and low 5; a step without accounts has no oldest.
select segment, in_progress from onboarding where day = '2024-06-30' and segment != 'tech' order by segment;
select * from onboarding_steps where day = '2024-06-30' and segment = 'high' and step = 'setup';
