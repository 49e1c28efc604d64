-- What is known of each account's health, before anything is scored.

-- Acme has 10 seats and Birch 4; Cedar's contract says nothing of seats. Dune's product was never used.
insert into stored_contracts (contract_id, account_id, seats, acv, starts_on) values
    ('acme', 'acme', 10, 100000, '2023-01-01'), ('birch', 'birch', 4, 20000, '2023-01-01'), ('cedar', 'cedar', 0, 5000, '2023-01-01'), ('dune', 'dune', 5, 5000, '2023-01-01'),
    ('sandbox', 'sandbox', 5, 5000, '2023-01-01');
insert into stored_accounts (account_id, is_test, updated_at) values ('sandbox', true, '2023-01-01');

-- The 28 days to 30 June begin on 3 June. Acme: Ann and Bob on the 3rd, Ann on the 10th, Eve on the 2nd, which is too early.
-- Birch was seen in May, and not since. Cedar on the 20th. The sandbox tries a feature that no customer has; it does not count.
insert into stored_usage_events (event_id, account_id, user_id, event, ts) values
    ('1', 'acme',    'ann', 'report', '2024-06-03 09:00:00'),
    ('2', 'acme',    'bob', 'login',  '2024-06-03 09:00:00'),
    ('3', 'acme',    'ann', 'report', '2024-06-10 09:00:00'),
    ('4', 'acme',    'eve', 'export', '2024-06-02 09:00:00'),
    ('5', 'birch',   'joe', 'login',  '2024-05-20 09:00:00'),
    ('6', 'cedar',   'kim', 'share',  '2024-06-20 09:00:00'),
    ('7', 'sandbox', 'dev', 'secret', '2024-06-20 09:00:00');

-- Acme was called 12 days ago, and mailed yesterday; its director was met a year and a half ago. Cedar got a mail 18 days ago, which is
-- a touch for tech touch only. Tomorrow's call with Birch has not taken place yet.
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at, with_executive) values
    ('1', 'acme', 'call', '2024-06-18', false), ('2', 'acme', 'email', '2024-06-29', false), ('3', 'acme', 'meeting', '2023-01-10', true),
    ('4', 'cedar', 'email', '2024-06-12', false), ('5', 'birch', 'call', '2024-07-01', false), ('6', 'birch', 'email', '2024-06-01', false);

-- Acme: one of two mails of the last 90 days opened, twice, so 1 is as much as it can be: 2 / 2. Birch: one of two. Cedar was
-- invited to two webinars and came to one; its mail is 90 days old, so there is no share of mails.
insert into stored_engagements (engagement_id, account_id, kind, happened_at) values
    ('1', 'acme',  'email_delivered', '2024-06-01'), ('2', 'acme',  'email_delivered', '2024-06-02'), ('3', 'acme', 'email_opened', '2024-06-02'),
    ('4', 'acme',  'email_opened',    '2024-06-03'), ('5', 'acme',  'email_opened',    '2024-06-04'),
    ('6', 'birch', 'email_delivered', '2024-04-02'), ('7', 'birch', 'email_delivered', '2024-06-02'), ('8', 'birch', 'email_opened', '2024-06-02'),
    ('9', 'cedar', 'webinar_invited', '2024-01-10'), ('10', 'cedar', 'webinar_invited', '2024-05-10'), ('11', 'cedar', 'webinar_attended', '2024-05-10'),
    ('12', 'cedar', 'email_delivered', '2024-04-01'), ('13', 'cedar', 'email_opened', '2024-04-01');
insert into stored_tickets (ticket_id, account_id, opened_at) values ('1', 'acme', '2024-04-02'), ('2', 'acme', '2024-06-30 23:59:59'), ('3', 'birch', '2024-04-01'), ('4', 'birch', '2024-07-01');
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values ('acme', 'setup', '2023-02-01', '2023-02-01', '2023-02-01'), ('birch', 'setup', '2023-02-01', null, '2023-01-01'),
    ('cedar', 'setup', '2024-08-01', null, '2024-07-01'), ('dune', 'setup', '2024-06-30', null, '2024-07-01');

-- The last review counts: Acme's of May is not verified, though the one of March was.
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values ('1', 'acme', '2024-03-01', true), ('2', 'acme', '2024-05-01', false), ('3', 'cedar', '2024-05-01', true);

-- By hand, at the end of 30 June 2024. Usage is as old as the newest event of anybody, 20 June, whoever it is of.
--   acme   seats 2 / 10; daily users 3 / 28 over 2 users = 0.0536; 2 days of use; 2 of the 3 features that customers used; touch 12 / 30;
--          a decision maker was met; mails 2 / 2; 2 tickets in 90 days; set up; not verified
--   birch  was seen before, so no use is 0; no call or meeting yet, so no touch, and nobody of rank met; mails 1 / 2; 0 tickets in 90 days, the
--          last one 90 days ago; set-up not done
--   cedar  set-up is planned, but nobody did so by 30 June; no seats, so no share of them; 1 user on 1 day: 1 / 28; 1 of 3 features; touch 18 / 180; no decision maker; webinars 1 / 2; verified
--   dune   set-up not done: it was written down a day late, but was due. Nothing else
select account_id, measure, round(value, 4) as value, measured_on from account_health_drivers where day = '2024-06-30' and value is not null
order by account_id, measure;

-- By hand, at the end of 5 July the newest event is 15 days old, a day too old for the measures of usage: the feed has stopped, rather
-- than the use. To webinars Acme was never invited.
select groupArray(driver.1) as missing from (select arrayJoin(arraySort(drivers)) as driver from account_health where day = '2024-07-05' and account_id = 'acme') where driver.5 is null;
