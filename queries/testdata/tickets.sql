-- How fast does support answer?

-- Three accounts pay; Dune does not, and Test is a test account.
insert into stored_accounts (account_id, is_test, updated_at) values ('test', true, '2023-01-01');
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('1', 'acme', 120000, '2023-01-01', '2025-01-01'), ('2', 'birch', 20000, '2023-01-01', '2025-01-01'),
    ('3', 'cedar', 2000, '2023-01-01', '2025-01-01'), ('4', 'test', 2000, '2023-01-01', '2025-01-01');

-- High: answered after 1, 2, 3 and 10 hours; 5 is not answered by the end of June, but on 1 July. 6 was opened on 3 June, 27 days ago, and never
-- answered; 7 on 2 June, 28 days ago: only its resolution counts, after 10 days. 8 was answered before it was opened: no time. 9 opens tomorrow.
insert into stored_tickets (ticket_id, account_id, severity, is_complaint, opened_at, first_response_at, resolved_at) values
    ('1', 'acme',  'high', true,  '2024-06-10 09:00:00', '2024-06-10 10:00:00', '2024-06-12 09:00:00'),
    ('2', 'acme',  'high', false, '2024-06-10 09:00:00', '2024-06-10 11:00:00', '2024-06-14 09:00:00'),
    ('3', 'birch', 'high', false, '2024-06-10 09:00:00', '2024-06-10 12:00:00', null),
    ('4', 'dune',  'high', true,  '2024-06-10 09:00:00', '2024-06-10 19:00:00', '2024-07-01 00:00:00'),
    ('5', 'acme',  'high', false, '2024-06-30 23:00:00', '2024-07-01 01:00:00', '2024-07-01 02:00:00'),
    ('6', 'acme',  'high', false, '2024-06-03 00:00:00', null,                  null),
    ('7', 'acme',  'high', true,  '2024-06-02 23:59:59', '2024-06-03 09:00:00', '2024-06-12 23:59:59'),
    ('8', 'acme',  'high', false, '2024-06-10 09:00:00', '2024-06-10 08:00:00', '2024-06-10 08:00:00'),
    ('9', 'acme',  'high', true,  '2024-07-01 00:00:00', '2024-07-01 00:01:00', null),
    ('10', 'test', 'high', true,  '2024-06-10 09:00:00', '2024-06-10 09:01:00', null);
-- No severity: one is open since last year, one was resolved in May: it is nowhere.
insert into stored_tickets (ticket_id, account_id, severity, is_complaint, opened_at, first_response_at, resolved_at) values
    ('11', 'acme', '', true,  '2023-01-01 00:00:00', null, null),
    ('12', 'acme', '', false, '2024-05-01 00:00:00', null, '2024-05-20 00:00:00');

-- By hand, at the end of 30 June 2024: high: opened 1 to 6 and 8: 7, or 7/3 for each of the paying accounts; complaints 1 and 4; open 3, 4, 5 and 6. First answers
-- of 1, 2, 3 and 10 hours: median 2.5 hours, 9,000 seconds; 90 %: 3 + 0.7 * 7 = 7.9 hours, 28,440. Resolved 1, 2 and 7 after 2, 4 and 10 days:
-- median 4 days, 345,600 seconds; 90 %: 4 + 0.8 * 6 = 8.8 days, 760,320. Without severity: 1 is open.
select * from tickets_kpi where day = '2024-06-30' order by severity;
select severity, ticket_id, opened, answered, resolved, open, complaints, first_response_seconds, resolution_seconds, first_response_at, resolved_at
from tickets_detail where day = '2024-06-30' order by severity, toUInt8(ticket_id);

-- Severities are as many as somebody likes: the 20 most frequent stay, and 4 of these are the rest. s22 has two tickets, the others one.
insert into stored_tickets (ticket_id, account_id, severity, opened_at)
select concat('s', toString(number)), 'acme', concat('s', leftPad(toString(least(number, 22)), 2, '0')), '2024-09-10 09:00:00' from numbers(1, 23);
-- By hand, on 20 September: high has its 3 open ones (3, 6 and 9), no severity its 1; with s22, and by name s01 to s17, that makes 20. The rest is s18 to s21.
select severity, opened, open from tickets_kpi where day = '2024-09-20' order by severity;

-- Ticket 40 is of November: resolved on the 5th, opened again on the 10th, resolved for good on the 20th, which the help desk reports on the 25th. 41 is
-- answered on the 8th, after it was closed on the 6th. 42 came with an export of December for the first time, and had been resolved on 3 November. 43
-- was Acme's and is Birch's since the 12th.
insert into stored_tickets (ticket_id, account_id, severity, opened_at, first_response_at, resolved_at, updated_at) values
    ('40', 'acme', 'high', '2024-11-01 09:00:00', '2024-11-01 10:00:00', null, '2024-11-01 10:00:00'),
    ('40', 'acme', 'high', '2024-11-01 09:00:00', '2024-11-01 10:00:00', '2024-11-05 09:00:00', '2024-11-05 09:00:00'),
    ('40', 'acme', 'high', '2024-11-01 09:00:00', '2024-11-01 10:00:00', null, '2024-11-10 12:00:00'),
    ('40', 'acme', 'high', '2024-11-01 09:00:00', '2024-11-01 10:00:00', '2024-11-20 09:00:00', '2024-11-25 08:00:00'),
    ('41', 'acme', 'high', '2024-11-01 09:00:00', '2024-11-08 09:00:00', '2024-11-06 09:00:00', '2024-11-08 09:00:00'),
    ('42', 'acme', 'high', '2024-11-01 09:00:00', '2024-11-02 09:00:00', '2024-11-03 09:00:00', '2024-12-01 00:00:00'),
    ('43', 'acme', 'high', '2024-11-01 09:00:00', null, null, '2024-11-01 09:00:00'),
    ('43', 'birch', 'high', '2024-11-01 09:00:00', null, null, '2024-11-12 09:00:00');
-- By hand: on 4 November 40 is open, on the 7th resolved after 4 days, on the 12th open again, on the 22nd resolved after 19 days, and only that once; on 31 December
-- it is no longer to be seen. 41 is resolved on the 7th and has no answer until the 8th.
select day, ticket_id, account_id, opened, answered, resolved, open, resolution_seconds / 86400 as resolution_days, first_response_at, resolved_at
from tickets_detail
where day in ('2024-11-04', '2024-11-07', '2024-11-12', '2024-11-22', '2024-12-31') and toUInt32OrZero(ticket_id) between 40 and 43
order by ticket_id, day;
