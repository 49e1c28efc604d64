-- How much of what may be lost in a year was lost in days? 10 % for high touch, 20 % for low, and nobody has said for tech.
insert into stored_targets (kpi, segment, starts_on, target) values ('grr.ratio', 'high', '2024-01-01', 0.9), ('grr.ratio', 'low', '2024-01-01', 0.8), ('grr.ratio', '', '2024-01-01', 0.5), ('nrr.ratio', 'tech', '2024-01-01', 0.7);

-- As of 28 December 2024 the windows begin at the end of 21 December (7 days), 30 November (28), 28 September (91) and 30 December 2023.
-- Acme gave up 40,000 of 365,000 on 22 December. Birch, the other of high touch, left on 1 December. Cedar grew, and Dune shrank from high to low
-- touch in June. Elm joined in July and left in August; Fir is of tech touch and left today.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme-1',  'acme',  'core', 325000, '2023-01-01', null),
    ('acme-2',  'acme',  'mail', 40000,  '2023-01-01', '2024-12-22'),
    ('birch',   'birch', 'core', 109500, '2023-01-01', '2024-12-01'),
    ('cedar-1', 'cedar', 'core', 20000,  '2023-01-01', null),
    ('cedar-2', 'cedar', 'mail', 5000,   '2024-12-25', null),
    ('dune-1',  'dune',  'core', 20000,  '2023-01-01', null),
    ('dune-2',  'dune',  'mail', 100000, '2023-01-01', '2024-06-15'),
    ('elm',     'elm',   'core', 50000,  '2024-07-01', '2024-08-01'),
    ('fir',     'fir',   'core', 1000,   '2023-01-01', '2024-12-28');

-- By hand, of high touch: in 7 days 40,000 of Acme's 365,000 against 365,000 x 10 % x 7 / 365 = 700: a burn of 57. In 28 days Birch's 109,500 as
-- well, 149,500 of 474,500 against 3,640. In 91 days the same against 11,830, and in 364 Dune's 100,000 too, of 594,500. Of low touch nothing is
-- lost: Cedar's growth makes up for nothing, and Dune is of low touch since June. Fir's loss has no budget.
select segment, window, round(burn_ratio, 4) as burn_ratio, lost_arr, budget_arr, opening_arr, accounts, lost_accounts from retention_budget where day = '2024-12-28' order by segment, window;
select segment, window, account_id, lost_arr, budget_arr, opening_arr, closing_arr from retention_budget_detail where day = '2024-12-28' and window in ('7d', '364d') order by window, account_id;
