-- Who is a user of an account? A customer counts people, whatever ids they come with, and neither our staff nor our robots.

-- Elder has 10 seats and two users. Kim looks around before logging in, on a browser that is then identified as Kim's. Lee changes the address. A
-- visitor of the documentation never logs in. Vera of our own support logs in as the customer, and a monitor looks every day whether all is well.
insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before) values ('1', 'elder', 'core', 10, 20000, '2024-01-01', null);
insert into stored_usage_events (event_id, account_id, user_id, event, ts, is_anonymous) values
    ('1', 'elder', 'browser-1',       'open',    '2024-06-10 10:00:00', true),
    ('2', 'elder', 'kim',             'open',    '2024-06-10 11:00:00', false),
    ('3', 'elder', 'lee@old.example', 'open',    '2024-06-11 10:00:00', false),
    ('4', 'elder', 'lee@new.example', 'report',  '2024-06-20 10:00:00', false),
    ('5', 'elder', 'browser-2',       'open',    '2024-06-20 10:00:00', true),
    ('6', 'elder', 'vera@vendor.example', 'support', '2024-06-21 10:00:00', false),
    ('7', 'elder', 'monitor-7',       'ping',    '2024-06-22 10:00:00', false),
    ('8', 'elder', 'robot',           'ping',    '2024-06-23 10:00:00', false);

-- By hand, while nothing is known of who is who: browsers are nobody in particular. Kim, both of Lee's addresses, Vera, the monitor and the robot are six
-- users with one day each: 6 of 10 seats, 6/168 = 0.0357.
select mau_users, stickiness_ratio, daily_users, seat_ratio, seats_used, seats from usage where day = '2024-06-30' and segment = 'low';
select features, users from feature_days where day = '2024-06-30';

-- Then the connections arrive, in whatever order. It holds for all days, those before included.
insert into stored_user_aliases (alias_id, user_id, is_anonymous) values ('browser-1', 'kim', true), ('lee@old.example', 'lee@new.example', false);
insert into stored_settings (name, value) values ('excluded_users', '@vendor.example,Monitor-*');
insert into stored_users (user_id, is_excluded) values ('robot', true);

-- By hand: Kim has one day, 10 June, on which the browser was Kim's as well; Lee has two, 11 and 20 June. Two users, three days: 3/56 = 0.0536; 2 of 10
-- seats. Kim, Lee and, on the 20th, a visitor opened something, which are two users; Lee made a report. There was no ping and no support.
select mau_users, stickiness_ratio, daily_users, seat_ratio, seats_used, seats from usage where day = '2024-06-30' and segment = 'low';
select features, users from feature_days where day = '2024-06-30';
select used_until, dau, wau, mau, user_days, active_days, users, events, features from usage_days where day = '2024-06-20';

-- By hand: the last use was Lee's report and the visitor's look on the 20th. Pings do not keep usage fresh.
select newest_on, features from company_usage where day = '2024-06-30';
-- First uses: one user on 10 June, never more on a day.
select peaks from first_uses where account_id = 'elder';

-- On a second browser both log in: it is nobody's, and makes no one person of two.
insert into stored_user_aliases (alias_id, user_id, is_anonymous) values ('browser-2', 'kim', true), ('browser-2', 'lee@new.example', true);
select mau_users, seats_used from usage where day = '2024-06-30' and segment = 'low';

-- Kim was Lee all the time, as somebody finds out: one user, with three days.
insert into stored_user_aliases (alias_id, user_id) values ('lee@old.example', 'kim');
select mau_users, daily_users, seats_used from usage where day = '2024-06-30' and segment = 'low';

-- Answers and reactions are those of users, too: Vera's 10 and Vera's open mail do not count, and of Lee's two answers the later one does.
insert into stored_surveys (response_id, account_id, user_id, kind, score, responded_at) values
    ('1', 'elder', 'vera@vendor.example', 'nps', 10, '2024-06-10 09:00:00'), ('2', 'elder', 'lee@old.example', 'nps', 9, '2024-06-11 09:00:00'),
    ('3', 'elder', 'lee@new.example', 'nps', 5, '2024-06-20 09:00:00');
insert into stored_engagements (engagement_id, account_id, contact, kind, happened_at) values
    ('1', 'elder', 'VERA@vendor.example', 'email_opened', '2024-06-10 09:00:00'), ('2', 'elder', 'lee@new.example', 'email_opened', '2024-06-10 09:00:00'),
    ('3', 'elder', 'robot', 'email_opened', '2024-06-10 09:00:00');
select score, promoters, detractors, responses from nps where day = '2024-06-30' and segment = 'low';
select opened from engagement_days where day = '2024-06-30';
