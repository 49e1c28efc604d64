-- How far are the renewals of the next 90 days prepared?

-- Acme (high touch) has two contracts, due in 30 and in 31 days. The others are low touch: Birch is due in 60 days, Cedar in 61 and Dune
-- in 90, though it gave notice; Elm in 91 days, and Fir ended today: neither is counted.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, notice_on) values
    ('acme-1', 'acme',  'core', 120000, '2023-07-30', '2024-07-30', null),
    ('acme-2', 'acme',  'mail', 10000,  '2023-07-31', '2024-07-31', null),
    ('birch',  'birch', 'core', 20000,  '2023-08-29', '2024-08-29', null),
    ('cedar',  'cedar', 'core', 20000,  '2023-08-30', '2024-08-30', null),
    ('dune',   'dune',  'core', 20000,  '2023-09-28', '2024-09-28', '2024-06-01'),
    ('elm',    'elm',   'core', 20000,  '2023-09-29', '2024-09-29', null),
    ('fir',    'fir',   'core', 20000,  '2023-06-30', '2024-06-30', null);

-- Acme's renewal and an upsell are open; so is an expand with Cedar. With Birch a renewal was decided in May; its next one is
-- created in July. Dune's was won on 1 July, so it is open today. A land opportunity with Cedar is no expansion.
insert into stored_opportunities (opportunity_id, account_id, kind, created_on, closed_on, is_won, updated_at) values
    ('o1', 'acme',  'renewal', '2024-05-01', null,         null,  '2024-05-01'),
    ('o2', 'acme',  'upsell',  '2024-05-01', null,         null,  '2024-05-01'),
    ('o3', 'cedar', 'expand',  '2024-05-01', null,         null,  '2024-05-01'),
    ('o4', 'cedar', 'land',    '2024-05-01', null,         null,  '2024-05-01'),
    ('o5', 'birch', 'renewal', '2024-04-01', '2024-05-15', false, '2024-05-15'),
    ('o6', 'birch', 'renewal', '2024-07-01', null,         null,  '2024-07-01'),
    ('o7', 'dune',  'renewal', '2024-05-01', '2024-07-01', true,  '2024-07-01');

-- We met Acme, and mailed Birch, which is no touch for low touch. Value was reviewed with Acme and Cedar.
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values
    ('1', 'acme',  'meeting', '2024-06-01 09:00:00'),
    ('2', 'birch', 'email',   '2024-06-01 09:00:00');
insert into stored_value_reviews (review_id, account_id, reviewed_on) values ('1', 'acme', '2024-01-15'), ('2', 'cedar', '2024-01-15');

-- Birch complained a year ago and nobody resolved it. Cedar's complaint was resolved today, Dune's is resolved tomorrow and so is still
-- open; Acme's ticket is no complaint, and its complaint comes tomorrow.
insert into stored_tickets (ticket_id, account_id, is_complaint, opened_at, resolved_at) values
    ('t1', 'birch', true,  '2023-06-01 09:00:00', null),
    ('t2', 'cedar', true,  '2024-06-20 09:00:00', '2024-06-30 23:59:59'),
    ('t3', 'dune',  true,  '2024-06-20 09:00:00', '2024-07-01 00:00:00'),
    ('t4', 'acme',  false, '2024-06-20 09:00:00', null),
    ('t5', 'acme',  true,  '2024-07-01 00:00:00', null);

-- By hand, at the end of June 2024:
--   high  0-30d   acme-1: renewal and upsell open, touched, reviewed
--   high  31-60d  acme-2: the same
--   low   31-60d  Birch: a complaint
--   low   61-90d  Cedar: reviewed, an expand; Dune: the renewal is open, a complaint
select * from renewal_process where day = '2024-06-30' and due_contracts > 0 order by segment, due;
select due, contract_id, due_on, outcome, arr, opportunities, expand_opportunities, complaints, touched_on, reviewed_on
from renewal_process_detail where day = '2024-06-30' order by due_on, contract_id;

-- By hand, all nine rows are there.
select count() as series, sum(due_contracts) as due from renewal_process where day = '2024-06-30';

-- By hand, a day later, in 60 days: Cedar; Elm is due in 90. Birch's renewal is open now, Dune's is not, nor its complaint; Acme complained.
select segment, due, due_contracts, opportunity_contracts, complaint_contracts
from renewal_process where day = '2024-07-01' and due_contracts > 0 order by segment, due;
