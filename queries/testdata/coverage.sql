-- Were the customers touched within the cadence of their segment: high 30 days, low 90, tech 180?

-- In Berlin, on 29 April 2024: high from 31 March on, the day on which the clocks go forward; low from 31 January, tech from 2 November.
insert into stored_settings (name, value) values ('timezone', 'Europe/Berlin');
insert into stored_accounts (account_id, is_test, updated_at) values ('pine', true, '2023-01-01');

-- Gum falls from high to low touch inside the 30 days and stays high. Hazel fell before them but inside the 90: in neither cadence
-- she began in its segment, so she is what she is now, low. Ivy rose: she began the 30 days as high and the 90 as low: high.
-- Juno began to pay on the very first of the 30 days; Kilo a day later, so he is not asked for yet. Nut's contracts leave no
-- gap, Onyx's leave one day. Pine is a test account, Quince has left.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme',   'acme',   'core', 120000, '2023-01-01', null),
    ('birch',  'birch',  'core', 120000, '2023-01-01', null),
    ('cedar',  'cedar',  'core', 120000, '2023-01-01', null),
    ('dune',   'dune',   'core', 120000, '2023-01-01', null),
    ('elm',    'elm',    'core', 120000, '2023-01-01', null),
    ('fir',    'fir',    'core', 20000,  '2023-01-01', null),
    ('gum-1',  'gum',    'core', 120000, '2023-01-01', '2024-04-15'),
    ('gum-2',  'gum',    'core', 20000,  '2024-04-15', null),
    ('hazel1', 'hazel',  'core', 120000, '2023-01-01', '2024-03-01'),
    ('hazel2', 'hazel',  'core', 20000,  '2024-03-01', null),
    ('ivy-1',  'ivy',    'core', 20000,  '2023-01-01', '2024-03-01'),
    ('ivy-2',  'ivy',    'core', 120000, '2024-03-01', null),
    ('juno',   'juno',   'core', 120000, '2024-03-31', null),
    ('kilo',   'kilo',   'core', 120000, '2024-04-01', null),
    ('lime',   'lime',   'core', 1000,   '2023-01-01', null),
    ('mint',   'mint',   'core', 1000,   '2023-01-01', null),
    ('nut-1',  'nut',    'core', 20000,  '2023-01-01', '2024-02-10'),
    ('nut-2',  'nut',    'core', 20000,  '2024-02-10', null),
    ('onyx-1', 'onyx',   'core', 20000,  '2023-01-01', '2024-02-10'),
    ('onyx-2', 'onyx',   'core', 20000,  '2024-02-11', null),
    ('pine',   'pine',   'core', 120000, '2023-01-01', null),
    ('quince', 'quince', 'core', 120000, '2023-01-01', '2024-04-20');

-- Acme is met at midnight as 31 March begins, Birch is called a second before. Cedar is called as 29 April ends, Dune when it has.
-- Elm, high touch, only gets mail. Lime and Mint, tech touch, get theirs on the first of the 180 days and on the day before.
insert into stored_touchpoints (touchpoint_id, account_id, csm, kind, happened_at) values
    ('1',  'acme',   'kim', 'meeting', '2024-03-30 23:00:00'),
    ('2',  'birch',  'kim', 'call',    '2024-03-30 22:59:59'),
    ('3',  'cedar',  'kim', 'call',    '2024-04-29 21:59:59.999'),
    ('4',  'dune',   'kim', 'call',    '2024-04-29 22:00:00'),
    ('5',  'elm',    'kim', 'email',   '2024-04-10 09:00:00'),
    ('6',  'elm',    'kim', 'webinar', '2024-04-11 09:00:00'),
    ('7',  'fir',    'lee', 'visit',   '2024-02-29 09:00:00'),
    ('8',  'gum',    'lee', 'review',  '2024-04-02 09:00:00'),
    ('9',  'hazel',  'lee', 'call',    '2024-03-15 09:00:00'),
    ('10', 'ivy',    'lee', 'call',    '2024-03-10 09:00:00'),
    ('11', 'kilo',   'lee', 'call',    '2024-04-10 09:00:00'),
    ('12', 'lime',   'lee', 'email',   '2023-11-02 09:00:00'),
    ('13', 'mint',   'lee', 'webinar', '2023-11-01 09:00:00'),
    ('14', 'onyx',   'lee', 'call',    '2024-04-10 09:00:00'),
    ('15', 'pine',   'lee', 'call',    '2024-04-10 09:00:00'),
    ('16', 'quince', 'lee', 'call',    '2024-04-10 09:00:00');

-- By hand: high Acme, Cedar and Gum, of Acme, Birch, Cedar, Dune, Elm, Gum, Ivy and Juno: 3 of 8; low Fir and Hazel, of Fir, Hazel
-- and Nut: 2 of 3; tech Lime, of Lime and Mint: 1 of 2.
select * from coverage where day = '2024-04-29' order by segment;
select segment, account_id, covered_accounts, eligible_accounts, days, paid_since, touches, touched_on, touched_by, touch_kind
from coverage_detail where day = '2024-04-29' order by segment, account_id;

-- By hand, a day later: Acme's meeting is 31 days ago, Dune was called, and Kilo is asked for: high Cedar, Dune, Gum and Kilo, 4 of 9.
-- Lime's mail is too long ago: 0 of 2.
select * from coverage where day = '2024-04-30' order by segment;

-- By hand, with 60 days for high touch from 30 April on: they begin on 2 March, when Ivy was high already and Hazel no longer; Juno and
-- Kilo are not asked for. Birch, Acme, Cedar, Dune, Gum, Ivy are covered and Elm is not: 6 of 7.
insert into stored_settings (name, segment, starts_on, value) values ('coverage_days', 'high', '2024-04-30', '60');
select * from coverage where day = '2024-04-30' order by segment;
