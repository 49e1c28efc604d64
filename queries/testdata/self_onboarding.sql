-- Who was onboarded without us? Onboarded between 1 July 2023 and 30 June 2024.

-- All are tech touch but Kilo, who is low touch. Juno left in May.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('acme',  'acme',  1000,  '2024-01-01', null),
    ('birch', 'birch', 1000,  '2024-01-01', null),
    ('cedar', 'cedar', 1000,  '2024-01-01', null),
    ('dune',  'dune',  1000,  '2024-01-01', null),
    ('elm',   'elm',   1000,  '2024-01-01', null),
    ('fir',   'fir',   1000,  '2023-05-01', null),
    ('gum',   'gum',   1000,  '2023-05-01', null),
    ('hazel', 'hazel', 1000,  '2024-01-01', null),
    ('juno',  'juno',  1000,  '2024-01-01', '2024-05-01'),
    ('kilo',  'kilo',  20000, '2024-01-01', null);

-- Gum was onboarded on 30 June 2023, a day too early to be counted; Fir a day later. Hazel is not onboarded yet.
insert into stored_milestones (account_id, milestone, reached_on, updated_at) values
    ('acme',  'onboarded', '2024-03-01', '2024-03-01'),
    ('birch', 'onboarded', '2024-03-01', '2024-03-01'),
    ('cedar', 'onboarded', '2024-03-01', '2024-03-01'),
    ('dune',  'onboarded', '2024-03-01', '2024-03-01'),
    ('elm',   'onboarded', '2024-03-01', '2024-03-01'),
    ('fir',   'onboarded', '2023-07-01', '2023-07-01'),
    ('gum',   'onboarded', '2023-06-30', '2023-06-30'),
    ('juno',  'onboarded', '2024-03-01', '2024-03-01'),
    ('kilo',  'onboarded', '2024-03-01', '2024-03-01');

-- Acme only got mail and came to a webinar. Birch was called on the day itself, Cedar the day after. Dune was met in December,
-- before it paid, and again later. Kilo was visited.
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values
    ('1', 'acme',  'email',   '2024-02-01 09:00:00'),
    ('2', 'acme',  'webinar', '2024-02-02 09:00:00'),
    ('3', 'birch', 'call',    '2024-03-01 23:59:59'),
    ('4', 'cedar', 'call',    '2024-03-02 00:00:00'),
    ('5', 'dune',  'meeting', '2023-12-20 09:00:00'),
    ('6', 'dune',  'meeting', '2024-05-01 09:00:00'),
    ('7', 'kilo',  'visit',   '2024-02-01 09:00:00');

-- By hand, at the end of June 2024: tech Acme, Cedar, Elm, Fir and Juno, of these and Birch and Dune: 5 of 7; low Kilo, not: 0 of 1.
select segment, round(ratio, 4) as ratio, self_accounts, onboarded_accounts from self_onboarding where day = '2024-06-30' order by segment;
select * from self_onboarding_detail where day = '2024-06-30' order by segment, account_id;

-- By hand, in Tokyo Birch's call was on 2 March, so it is a self-onboarded one as well: 6 of 7.
insert into stored_settings (name, value) values ('timezone', 'Asia/Tokyo');
select self_accounts, onboarded_accounts from self_onboarding where day = '2024-06-30' and segment = 'tech';
