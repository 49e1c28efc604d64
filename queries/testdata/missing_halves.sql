-- Feeds that broke, and accounts of which only half is there. Of each check there is a case, and one that is nearly the same and in order.

-- Two records of one customer: Acme is there twice, by name; Birch and Birch Labs by their website. In order: Cedar's subsidiary has the name of its parent, two
-- subsidiaries of Dune have one domain, Elm was renamed before another Elm came, and a test account is none.
insert into stored_accounts (account_id, name, parent_account_id, is_test, attributes, created_on, valid_from, updated_at) values
    ('acme',    'Acme Corp.',  '',      false, map(),                                          '2024-01-01', '2024-01-01 00:00:00', '2024-01-01 00:00:00'),
    ('acme-2',  'ACME Corp',   '',      false, map(),                                          '2024-05-01', '2024-05-01 00:00:00', '2024-05-01 00:00:00'),
    ('birch',   'Birch',       '',      false, map('website', 'https://www.birch.example/eu'), '2024-01-01', '2024-01-01 00:00:00', '2024-01-01 00:00:00'),
    ('labs',    'Birch Labs',  '',      false, map('domain', 'birch.example'),                 '2024-01-01', '2024-01-01 00:00:00', '2024-01-01 00:00:00'),
    ('cedar',   'Cedar',       '',      false, map(),                                          '2024-01-01', '2024-01-01 00:00:00', '2024-01-01 00:00:00'),
    ('cedar-jp','Cedar',       'cedar', false, map(),                                          '2024-01-01', '2024-01-01 00:00:00', '2024-01-01 00:00:00'),
    ('dune-1',  'Dune East',   'dune',  false, map('domain', 'dune.example'),                  '2024-01-01', '2024-01-01 00:00:00', '2024-01-01 00:00:00'),
    ('dune-2',  'Dune West',   'dune',  false, map('domain', 'dune.example'),                  '2024-01-01', '2024-01-01 00:00:00', '2024-01-01 00:00:00'),
    ('dune',    'Dune',        '',      false, map(),                                          '2024-01-01', '2024-01-01 00:00:00', '2024-01-01 00:00:00'),
    ('elm',     'Elm',         '',      false, map(),                                          '2024-01-01', '2024-01-01 00:00:00', '2024-01-01 00:00:00'),
    ('elm',     'Elmwood',     '',      false, map(),                                          '2024-01-01', '2024-03-01 00:00:00', '2024-03-01 00:00:00'),
    ('elm-2',   'Elm',         '',      false, map(),                                          '2024-04-01', '2024-04-01 00:00:00', '2024-04-01 00:00:00'),
    ('try',     'Cedar',       '',      true,  map(),                                          '2024-01-01', '2024-01-01 00:00:00', '2024-01-01 00:00:00');
-- By hand: both records of Acme from the day on which the second came, and both of Birch.
select check, id, account_id, reason, affected, unit from quality_detail where day = '2024-06-30' and check like 'same%' order by check, id;
select id from quality_detail where day = '2024-04-30' and check = 'same_name' order by id;

-- Contracts since January, and usage in June; Acme buys as one account and works as the other. Birch ended in March, and its people still work. In order:
-- Labs has a trial, Cedar in Japan works under the contract of its parent, Elm ended on 10 June, the second Elm is in its first 90 days.
-- Dune pays and was never seen, but its subsidiaries were.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, is_trial) values
    ('acme',  'acme',  10000, '2024-01-01', null,         false),
    ('birch', 'birch', 10000, '2023-04-01', '2024-04-01', false),
    ('labs',  'labs',  0,     '2024-05-01', '2024-08-01', true),
    ('cedar', 'cedar', 10000, '2024-01-01', null,         false),
    ('dune',  'dune',  10000, '2024-01-01', null,         false),
    ('elm',   'elm',   10000, '2023-06-10', '2024-06-10', false),
    ('elm-2', 'elm-2', 10000, '2024-05-01', null,         false);
insert into stored_usage_events (event_id, account_id, user_id, event, ts)
select concat(account, toString(number)), account, 'ann', if(number < 40, 'report_created', 'Report Created'), toDateTime('2024-04-25 10:00:00', 'UTC') + interval number day
from numbers(60) as n
cross join (select arrayJoin(['acme-2', 'birch', 'labs', 'cedar-jp', 'dune-1', 'elm', 'try']) as account) as a
where account != 'elm' or number < 46;
-- By hand, on 23 June, the last day of usage: 28 events each of the second Acme and of Birch. Acme has paid since January, and is never seen.
select check, table, id, account_id, reason, affected, unit from quality_detail where day = '2024-06-23' and check in ('usage_without_contract', 'contract_without_usage') order by check desc, id;
-- On 10 April nobody's usage has come yet, and so nobody's is missing; on 20 May it has not come for 28 days.
select day, check, violations from quality where day in ('2024-04-10', '2024-05-20') and check in ('usage_without_contract', 'contract_without_usage') order by check, day;

-- Creating a report is use. The product team renamed the event on 4 June, so on 1 July nobody has sent it for 28 days, and it is named with what it may be called now.
-- Exporting was never sent by anybody. In order: opening is a core event only from 2 July on.
insert into stored_settings (name, starts_on, value) values ('core_events', '2024-01-01', 'report_created,export'), ('core_events', '2024-07-02', 'open');
select day, id, reason, affected, unit from quality_detail where day in ('2024-06-30', '2024-07-01') and check = 'core_event_missing' order by day, id;

-- Usage came each day until 23 June: on the 29th it has been silent for six days, on the 30th for a week, and for a quarter of a year from then on. Tickets came every
-- third day until 19 June and are missed on the 26th. In order: touches were every ninth day until 17 June, and surveys came on four days only.
insert into stored_tickets (ticket_id, account_id, opened_at, source) select toString(number), 'acme', toDateTime('2024-05-20 09:00:00', 'UTC') + interval 3 * number day, 'desk' from numbers(11);
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) select toString(number), 'acme', 'call', toDateTime('2024-03-01 09:00:00', 'UTC') + interval 9 * number day from numbers(13);
insert into stored_surveys (response_id, account_id, kind, score, responded_at) select toString(number), 'acme', 'csat', 4, toDateTime('2024-06-16 09:00:00', 'UTC') + interval number day from numbers(4);
select day, id, table, source, reason, affected, unit from quality_detail where day in ('2024-06-25', '2024-06-26', '2024-06-29', '2024-06-30', '2024-09-22', '2024-09-23') and check = 'source_silent' order by day, id;

-- Two events of somebody whose account nobody has named wait for a week on 17 June; that of Max is named on 20 June, and was never unattributed.
insert into stored_unattributed_events (event_id, user_id, event, ts, source) values
    ('w1', 'visitor', 'open', '2024-06-10 10:00:00', 'web'), ('w2', 'visitor', 'open', '2024-06-10 11:00:00', 'web'),
    ('w3', 'visitor', 'open', '2024-06-15 11:00:00', 'web'), ('w4', 'max',      'open', '2024-06-10 11:00:00', 'web');
insert into stored_user_accounts (user_id, account_id, source) values ('max', 'acme', 'web');
insert into stored_usage_events (event_id, account_id, user_id, event, ts, source) values ('w4', 'acme', 'max', 'open', '2024-06-10 11:00:00', 'web');
insert into stored_unattributed_events (event_id, user_id, event, ts, source, is_withdrawn, updated_at) values ('w4', 'max', 'open', '2024-06-10 11:00:00', 'web', 1, '2100-01-01 00:00:00');
select day, id, source, reason, affected, unit from quality_detail where day in ('2024-06-16', '2024-06-17', '2024-06-30') and check = 'unattributed_events' order by day;
