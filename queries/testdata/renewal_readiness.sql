-- Are we ready for the renewals of the next 90 days? Touched in 60 days, and value reviewed in 365.

-- All are due on 1 August; Gum's is due in 91 days, and Acme has a second contract that is due.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme-1', 'acme',  'core', 90000, '2023-08-01', '2024-08-01'),
    ('acme-2', 'acme',  'mail', 10000, '2023-09-01', '2024-09-01'),
    ('birch',  'birch', 'core', 20000, '2023-08-01', '2024-08-01'),
    ('cedar',  'cedar', 'core', 1000,  '2023-08-01', '2024-08-01'),
    ('dune',   'dune',  'core', 1000,  '2023-08-01', '2024-08-01'),
    ('elm',    'elm',   'core', 20000, '2023-08-01', '2024-08-01'),
    ('fir',    'fir',   'core', 20000, '2023-08-01', '2024-08-01'),
    ('gum',    'gum',   'core', 20000, '2023-08-01', '2024-09-29'),
    ('ivy',    'ivy',   'core', 20000, '2023-08-01', '2024-08-01');

-- We met Acme. Birch (low touch) only got an e-mail, which does not count; for Cedar (tech touch) it does, and so does Dune's webinar.
-- Elm was called on 2 May, 59 days ago; Fir on 1 May, 60 days ago: too long. Ivy is met tomorrow.
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values
    ('1', 'acme',  'meeting', '2024-06-01 09:00:00'),
    ('2', 'birch', 'email',   '2024-06-20 09:00:00'),
    ('3', 'cedar', 'email',   '2024-06-20 09:00:00'),
    ('4', 'dune',  'webinar', '2024-06-20 09:00:00'),
    ('5', 'elm',   'call',    '2024-05-02 00:00:00'),
    ('6', 'fir',   'call',    '2024-05-01 23:59:59'),
    ('7', 'ivy',   'meeting', '2024-07-01 00:00:00');

-- Value was reviewed with everybody; with Cedar on 2 July 2023, 364 days ago, with Dune a day earlier: too long.
insert into stored_value_reviews (review_id, account_id, reviewed_on) values
    ('1', 'acme', '2024-01-15'), ('2', 'birch', '2024-01-15'), ('3', 'cedar', '2023-07-02'), ('4', 'dune', '2023-07-01'),
    ('5', 'elm', '2024-01-15'), ('6', 'fir', '2024-01-15'), ('7', 'ivy', '2024-01-15');

-- By hand, at the end of 30 June 2024: high Acme 1 of 1; low Elm, of Birch, Elm, Fir, Ivy: 1 of 4; tech Cedar, of Cedar, Dune: 1 of 2.
select * from renewal_readiness where day = '2024-06-30' order by segment;
select segment, account_id, ready_accounts, due_on, touched_on, reviewed_on
from renewal_readiness_detail where day = '2024-06-30' order by segment, account_id;

-- By hand, half a year later nothing is due: no ratio.
select * from renewal_readiness where day = '2024-12-31' order by segment;
