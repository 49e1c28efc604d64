-- Are the response plans carried out in time? Items first due from 2 April to 30 June 2024.

-- Acme is Kim's and, from 15 May on, Lee's; Pine is a test account.
insert into stored_accounts (account_id, csm, is_test, updated_at) values
    ('acme', 'kim', false, '2024-01-01 00:00:00'), ('acme', 'lee', false, '2024-05-15 00:00:00'), ('pine', 'kim', true, '2024-01-01 00:00:00');

-- 1 is done on the day, 2 a day late, 3 by a deadline that was moved: not in time. 4 was due on 1 April and is not done: no longer
-- asked, but overdue. 5 is due today, and not overdue yet. 6 was due in May and was moved to July: missed, not overdue.
-- 7 and 8 name nobody: they were due while Acme was Kim's and Lee's. 9 is of an account that nobody knows. 10 is of a test
-- account. 11 was done by as_of, as entered later; 12 after as_of. 13 was pulled forward from July, and is overdue.
insert into stored_action_items (item_id, account_id, csm, title, due_on, done_on, updated_at) values
    ('1',  'acme',  'zoe', 'call the sponsor', '2024-06-01', null,         '2024-05-01'),
    ('1',  'acme',  'zoe', 'call the sponsor', '2024-06-01', '2024-06-01', '2024-06-01'),
    ('2',  'acme',  'zoe', 'train the team',   '2024-06-01', '2024-06-02', '2024-06-02'),
    ('3',  'acme',  'zoe', 'clean the data',   '2024-06-01', null,         '2024-05-01'),
    ('3',  'acme',  'zoe', 'clean the data',   '2024-06-20', '2024-06-10', '2024-06-10'),
    ('4',  'acme',  'zoe', 'write to legal',   '2024-04-01', null,         '2024-03-01'),
    ('5',  'acme',  'zoe', 'show the roadmap', '2024-06-30', null,         '2024-06-01'),
    ('6',  'acme',  'zoe', 'review the value', '2024-05-31', null,         '2024-05-01'),
    ('6',  'acme',  'zoe', 'review the value', '2024-07-31', null,         '2024-05-30'),
    ('7',  'acme',  '',    'count the seats',  '2024-05-14', '2024-05-01', '2024-05-01'),
    ('8',  'acme',  '',    'ask for a story',  '2024-05-15', null,         '2024-05-01'),
    ('9',  'birch', '',    'find out who',     '2024-04-02', '2024-04-02', '2024-04-02'),
    ('10', 'pine',  'kim', 'nothing',          '2024-06-01', null,         '2024-05-01'),
    ('11', 'acme',  'ada', 'agree on goals',   '2024-06-01', null,         '2024-05-01'),
    ('11', 'acme',  'ada', 'agree on goals',   '2024-06-01', '2024-05-30', '2024-07-05'),
    ('12', 'acme',  'ada', 'invite the board', '2024-06-01', '2024-07-01', '2024-05-01'),
    ('13', 'acme',  'ada', 'plan the renewal', '2024-07-20', null,         '2024-05-01'),
    ('13', 'acme',  'ada', 'plan the renewal', '2024-06-20', null,         '2024-06-01');

-- By hand: Zoe 1, of 1, 2, 3, 5 and 6: 1 of 5, and 4 is overdue; Kim 7: 1 of 1; Lee 8: 0 of 1, overdue; nobody 9: 1 of 1; Ada 11, of 11 and 12: 1 of 2;
-- 12 and 13 are overdue.
select * from action_items_kpi where day = '2024-06-30' order by csm;
select csm, item_id, due_items, on_time_items, overdue_items, first_due_on, due_on, done_on
from action_items_detail where day = '2024-06-30' order by toUInt8(item_id);
