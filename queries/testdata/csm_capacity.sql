-- How much does each CSM look after? High touch begins at 100,000, low touch at 10,000.

-- Kim owns Acme and Birch (high touch) and Cedar (low touch), Lee Dune (high) and Elm (low). Fir is Lee's from 1 July on, and
-- Kim's until then. Nobody owns Gum, and nobody described Hazel; Ivy is for tests. Juno, whom Ada owns, left in May.
insert into stored_accounts (account_id, csm, is_test, updated_at) values
    ('acme',  'kim', false, '2023-01-01'),
    ('birch', 'kim', false, '2023-01-01'),
    ('cedar', 'kim', false, '2023-01-01'),
    ('dune',  'lee', false, '2023-01-01'),
    ('elm',   'lee', false, '2023-01-01'),
    ('fir',   'kim', false, '2023-01-01'),
    ('fir',   'lee', false, '2024-07-01'),
    ('gum',   '',    false, '2023-01-01'),
    ('ivy',   'ada', true,  '2023-01-01'),
    ('juno',  'ada', false, '2023-01-01');
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('acme',  'acme',  200000, '2023-01-01', null),
    ('birch', 'birch', 100000, '2023-01-01', null),
    ('cedar', 'cedar', 50000,  '2023-01-01', null),
    ('dune',  'dune',  150000, '2023-01-01', null),
    ('elm',   'elm',   10000,  '2023-01-01', null),
    ('fir',   'fir',   12000,  '2023-01-01', null),
    ('gum',   'gum',   20000,  '2023-01-01', null),
    ('hazel', 'hazel', 1000,   '2023-01-01', null),
    ('ivy',   'ivy',   20000,  '2023-01-01', null),
    ('juno',  'juno',  20000,  '2023-01-01', '2024-05-31');

-- By hand, at the end of June 2024:
--   high  Kim 2 (300,000), Lee 1 (150,000): 2 CSMs, 3 accounts, 450,000; 1.5 and 225,000 each, at most 2
--   low   Kim 2 (Cedar 50,000, Fir 12,000), Lee 1 (Elm, 10,000): 2 CSMs, 3 accounts, 72,000; 1.5 and 36,000 each, at most 2
--   tech  nobody owns any: no ratio
select * from csm_capacity where day = '2024-06-30' order by segment;
select * from csm_capacity_detail where day = '2024-06-30' order by segment, csm;

-- By hand, on 1 July Fir is Lee's: low touch is 1 of Kim's and 2 of Lee's.
select csm, accounts, arr, account_ids from csm_capacity_detail where day = '2024-07-01' and segment = 'low' order by csm;
