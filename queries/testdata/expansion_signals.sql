-- Who is green and has room to grow? The verified outcome is all that counts for health.
insert into stored_settings (name, value) values ('health_measures', 'verified_outcome');
insert into stored_contracts (contract_id, account_id, department, seats, acv, starts_on) values
    ('acme',  'acme',  'sales', 10, 100000, '2023-01-01'),
    ('birch', 'birch', 'sales', 10, 20000,  '2023-01-01'),
    ('cedar', 'cedar', '',      10, 1000,   '2023-01-01'),
    ('dune',  'dune',  'sales', 10, 1000,   '2023-01-01'),
    ('elm',   'elm',   'sales', 10, 1000,   '2023-01-01');
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values
    ('1', 'acme', '2024-03-01', true), ('2', 'birch', '2024-03-01', true), ('3', 'cedar', '2024-03-01', true), ('4', 'dune', '2024-03-01', false), ('5', 'elm', '2024-03-01', true);

-- The last 28 days begin on 3 June, the 28 before on 6 May. Users, each on one day, before and since: Acme 5 and 9, Birch 5 and 6, Cedar 6 and 7, Dune
-- 5 and 9. Elm's has been used since June by 8, and not before.
insert into stored_usage_events (event_id, account_id, user_id, event, ts)
select concat(account, toString(day), toString(number)), account, concat('user ', toString(number)), 'login', day
from values('account String, day Date, users UInt8',
    ('acme', '2024-06-02', 5), ('acme', '2024-06-03', 9), ('birch', '2024-05-06', 5), ('birch', '2024-06-30', 6), ('cedar', '2024-05-20', 6), ('cedar', '2024-06-20', 7),
    ('dune', '2024-05-20', 5), ('dune', '2024-06-20', 9), ('elm', '2024-05-05', 8), ('elm', '2024-06-20', 8))
array join range(users) as number;

-- Somebody of Birch's warehouse used it once; of Cedar's, too, but Cedar's contract names no department, so nothing is new there.
insert into stored_usage_events (event_id, account_id, user_id, event, ts, properties) values
    ('1', 'acme',  'user 0', 'login', '2024-06-04', '{"department": "sales"}'),
    ('2', 'birch', 'user 0', 'login', '2024-06-30', '{"department": "warehouse"}'),
    ('3', 'cedar', 'user 0', 'login', '2024-06-20', '{"department": "warehouse"}');

-- Birch's and Cedar's CSM felt an opportunity: 89 and 90 days ago. Acme has an open upsell. Birch's is lost, and its renewal is open, which does not expand.
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at, sentiment) values ('1', 'birch', 'call', '2024-04-02', 'opportunity'), ('2', 'cedar', 'call', '2024-04-01', 'opportunity');
insert into stored_opportunities (opportunity_id, account_id, kind, created_on, closed_on, is_won, updated_at) values
    ('1', 'acme', 'upsell', '2024-05-01', null, null, '2024-05-01'), ('2', 'birch', 'upsell', '2024-05-01', '2024-06-01', false, '2024-06-01'), ('3', 'birch', 'renewal', '2024-05-01', null, null, '2024-05-01');

-- By hand, at the end of 30 June 2024:
--   acme   9 of 10 seats: nearly full; daily users 10 after 5: rising. It has an open opportunity.
--   birch  6 of 10; 6 after 5 is a fifth more: rising; the warehouse is new; raised by its CSM; no open opportunity.
--   cedar  7 of 10; 7 after 6 is less than a fifth more; raised too long ago; no open opportunity.
--   dune   is red, so nothing.
--   elm    8 of 10; nothing before, so nothing has risen; no open opportunity.
select segment, signal, accounts, arr from expansion_signals where day = '2024-06-30' and accounts > 0 order by segment, signal;
select account_id, signal, seat_ratio, daily_users, previous_users, new_departments, open_opportunities from expansion_signals_detail where day = '2024-06-30' order by account_id, signal;
