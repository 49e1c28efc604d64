-- How long does it take until a customer really uses what it bought?

-- One active user is enough, for low touch three. The low-touch accounts: reached after 0, 5, 5 and 8 days; left after 5; 20 days so far.
insert into stored_settings (name, segment, value) values ('first_use_users', 'low', '3');
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, is_trial) values
    ('acme-0', 'acme',  'core', 0,      '2024-01-01', '2024-02-01', true),
    ('acme',   'acme',  'core', 120000, '2024-02-01', null,         false),
    ('birch',  'birch', 'core', 120000, '2024-02-01', null,         false),
    ('cedar',  'cedar', 'core', 20000,  '2024-03-01', null,         false),
    ('dune',   'dune',  'core', 20000,  '2024-03-01', null,         false),
    ('elm',    'elm',   'core', 20000,  '2024-03-01', null,         false),
    ('fir',    'fir',   'core', 20000,  '2024-03-01', '2024-03-06', false),
    ('gum',    'gum',   'core', 20000,  '2024-03-01', null,         false),
    ('hazel',  'hazel', 'core', 20000,  '2024-06-10', null,         false),
    ('ivy',    'ivy',   'core', 1000,   '2024-06-20', null,         false);

-- Acme uses it in its trial and, paying, on 3 February; the milestone, where there is one, goes before: Birch has it on 10 March,
-- whatever it did before. Cedar used it in its trial already: 0 days. Dune's two users are too few, the third comes on 6 March.
-- Fir is used after it had left, which is too late. Gum's milestone is entered after as_of. Hazel's comes tomorrow.
insert into stored_usage_account_days (account_id, day, users, active_users, events, core_events, features, last_at, version) values
    ('acme',  '2024-01-10', 1, 1, 1, 1, 1, '2024-01-10 09:00:00', 1),
    ('acme',  '2024-02-02', 1, 0, 1, 0, 1, '2024-02-02 09:00:00', 1),
    ('acme',  '2024-02-03', 1, 1, 1, 1, 1, '2024-02-03 09:00:00', 1),
    ('birch', '2024-02-05', 1, 1, 1, 1, 1, '2024-02-05 09:00:00', 1),
    ('dune',  '2024-03-02', 2, 2, 2, 2, 1, '2024-03-02 09:00:00', 1),
    ('dune',  '2024-03-06', 3, 3, 3, 3, 1, '2024-03-06 09:00:00', 1),
    ('elm',   '2024-03-04', 3, 3, 3, 3, 1, '2024-03-04 09:00:00', 1),
    ('elm',   '2024-03-06', 9, 9, 9, 9, 1, '2024-03-06 09:00:00', 1),
    ('fir',   '2024-03-07', 9, 9, 9, 9, 1, '2024-03-07 09:00:00', 1),
    ('hazel', '2024-07-01', 9, 9, 9, 9, 1, '2024-07-01 09:00:00', 1);
-- A later roll-up finds that Elm's 4 March was another account's.
insert into stored_usage_account_days (account_id, day, users, active_users, events, core_events, features, last_at, version, is_gone) values
    ('elm', '2024-03-04', 3, 3, 3, 3, 1, '2024-03-04 09:00:00', 2, 1);
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values
    ('birch', 'time_to_use', '2024-03-01', '2024-03-10', '2024-03-10'),
    ('cedar', 'time_to_use', '2024-03-01', '2024-02-15', '2024-02-15'),
    ('gum',   'time_to_use', '2024-03-01', '2024-03-09', '2024-07-20');

-- By hand: high, after 2 and 38 days: the curve is 1/2 after 2 days and 0 after 38; a quarter and a half after 2 days, 172800 seconds, three
-- quarters after 38, 3283200. Low: 6 at risk, one after 0 days: 5/6; of 5 two after 5 days, where Fir is censored: 5/6 x 3/5 = 1/2;
-- of 2 one after 8: 1/4; then Hazel is censored at 20. So 5, 5 and 8 days: 432000, 432000, 691200. Tech: nobody yet.
select * from time_to_use where day = '2024-06-30' order by segment;
select * from time_to_use_curve where day = '2024-06-30' order by segment, seconds;
select * from time_to_use_detail where day = '2024-06-30' order by segment, account_id;

-- By hand, on 5 March: Fir pays still, and everybody but Cedar is censored after 4 days: 4/5, so nothing is known of quarters, but the
-- median is beyond the 4 days for which the longest was watched: 345600.
select p25_seconds, p50_seconds, p75_seconds, p50_at_least_seconds, reached_accounts, censored_accounts from time_to_use where day = '2024-03-05' and segment = 'low';
