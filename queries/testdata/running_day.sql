-- The day that is not over: usage and health stand on the last whole day until then. Contracts count from their first minute.

-- Eight users of Teal open the product on four Mondays, 3, 10, 17 and 24 June. Health is stickiness alone, full at 0.14, and green from 80 on.
insert into stored_settings (name, value) values ('health_measures', 'stickiness'), ('health_full_stickiness', '0.14'), ('health_green', '80');
insert into stored_contracts (contract_id, account_id, seats, acv, starts_on) values ('teal', 'teal', 10, 20000, '2024-01-01'), ('umber', 'umber', 0, 50000, '2024-07-01');
insert into stored_usage_events (event_id, account_id, user_id, event, ts)
select concat(toString(week), '-', toString(user)), 'teal', concat('user ', toString(user)), 'open', toDateTime64('2024-06-03 09:00:00', 3, 'UTC') + interval week week
from (select arrayJoin(range(4)) as week, arrayJoin(range(8)) as user);

-- By hand, on Sunday, 30 June: in 7 days 8 users, in 28 days 8; 4 days each are 32, over 28 * 8 = 224 it is 0.1429; 100 * 0.1429 / 0.14 is more than 100: green.
select dau_users, wau_users, mau_users, round(stickiness_ratio, 4) as stickiness, seats_used from usage where day = '2024-06-30' and segment = 'low';
select account_id, round(score, 2) as score, band from account_health where day = '2024-06-30' order by account_id;

-- Monday has just begun, and nobody has come to work. By hand: all of it is as on Sunday, of Teal; Umber's contract began today, and its 50,000 count.
-- today: 2024-07-01
select dau_users, wau_users, mau_users, round(stickiness_ratio, 4) as stickiness, seats_used from usage where day = '2024-07-01' and segment = 'low';
-- today: 2024-07-01
select account_id, round(score, 2) as score, band from account_health where day = '2024-07-01' order by account_id;
-- today: 2024-07-01
select sum(amount) as arr from arr where day = '2024-07-01';

-- On Tuesday, Monday is over, and nobody came. By hand: in the 7 days to Monday nobody; Monday 3 June is out of the 28 days: 24 / 224 = 0.1071;
-- 100 * 0.1071 / 0.14 = 76.53: yellow.
select dau_users, wau_users, mau_users, round(stickiness_ratio, 4) as stickiness, seats_used from usage where day = '2024-07-01' and segment = 'low';
select account_id, round(score, 2) as score, band from account_health where day = '2024-07-01' order by account_id;
