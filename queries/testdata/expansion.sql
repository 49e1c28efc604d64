-- Expansion by kind. All customers here pay between 20,000 and 30,000, so they are low touch.

-- Acme renews the core product in sales at 25,000: more of the same is upsell.
insert into stored_contracts (contract_id, account_id, product, department, acv, starts_on, ends_before, renewed_from) values
    ('acme-1', 'acme', 'core', 'sales', 20000, '2023-01-01', '2024-05-01', ''),
    ('acme-2', 'acme', 'core', 'sales', 25000, '2024-05-01', null,         'acme-1');

-- Birch's support department begins to use the core product as well: extension. Cedar adds another product: cross-sell.
insert into stored_contracts (contract_id, account_id, product, department, acv, starts_on) values
    ('birch-1', 'birch', 'core', 'sales',   20000, '2023-01-01'),
    ('birch-2', 'birch', 'core', 'support', 4000,  '2024-05-01'),
    ('cedar-1', 'cedar', 'core', 'sales',   20000, '2023-01-01'),
    ('cedar-2', 'cedar', 'mail', 'sales',   3000,  '2024-05-01');

-- Dune adds another product, too, but sales booked it as an upsell: the source wins.
insert into stored_contracts (contract_id, account_id, product, department, kind, acv, starts_on) values
    ('dune-1', 'dune', 'core', 'sales', 'new',    20000, '2023-01-01'),
    ('dune-2', 'dune', 'mail', 'ops',   'upsell', 2000,  '2024-05-01');

-- Elm buys 6,000 more of the core product and chat for 5,000, and drops mail (4,000).
-- Fir buys 1,000 more, an extension for 3,000 and chat for 2,000, and drops mail (5,000).
-- Gum buys 1,000 more and drops mail (2,000): all in all it pays less, so there is no expansion.
insert into stored_contracts (contract_id, account_id, product, department, acv, starts_on, ends_before, renewed_from) values
    ('elm-1', 'elm', 'core', 'sales',   20000, '2023-01-01', '2024-05-01', ''),
    ('elm-2', 'elm', 'core', 'sales',   26000, '2024-05-01', null,         'elm-1'),
    ('elm-3', 'elm', 'mail', 'sales',   4000,  '2023-01-01', '2024-06-01', ''),
    ('elm-4', 'elm', 'chat', 'sales',   5000,  '2024-07-01', null,         ''),
    ('fir-1', 'fir', 'core', 'sales',   20000, '2023-01-01', '2024-05-01', ''),
    ('fir-2', 'fir', 'core', 'sales',   21000, '2024-05-01', null,         'fir-1'),
    ('fir-3', 'fir', 'core', 'support', 3000,  '2024-05-01', null,         ''),
    ('fir-4', 'fir', 'mail', 'sales',   5000,  '2023-01-01', '2024-06-01', ''),
    ('fir-5', 'fir', 'chat', 'sales',   2000,  '2024-07-01', null,         ''),
    ('gum-1', 'gum', 'core', 'sales',   20000, '2023-01-01', '2024-05-01', ''),
    ('gum-2', 'gum', 'core', 'sales',   21000, '2024-05-01', null,         'gum-1'),
    ('gum-3', 'gum', 'mail', 'sales',   2000,  '2023-01-01', '2024-06-01', '');

-- Hazel is a new customer with two products: new, not expansion.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on) values
    ('hazel-1', 'hazel', 'core', 20000, '2024-02-01'),
    ('hazel-2', 'hazel', 'mail', 5000,  '2024-06-01');

-- By hand, the twelve months of 2024. Losses are set against upsell first, then extension, then cross-sell:
--   Elm  upsell 6,000 - 4,000 = 2,000; cross-sell 5,000
--   Fir  losses 5,000 eat upsell 1,000 and extension 3,000, and 1,000 of the cross-sell 2,000: 1,000 remains
select account_id, kind, gross, amount from expansion_detail where day = '2024-12-31' and window = '12m' order by account_id, kind;

-- By hand: upsell Acme 5,000 + Dune 2,000 + Elm 2,000 = 9,000; extension Birch 4,000; cross-sell Cedar 3,000 + Elm 5,000 + Fir 1,000 = 9,000.
select * from expansion where day = '2024-12-31' and window = '12m' and segment = 'low' order by kind;

-- By hand: the kinds add up to the movement, 22,000 of 6 accounts.
select movement, amount, accounts from arr_movements where day = '2024-12-31' and window = '12m' and segment = 'low' and movement = 'expansion';

-- By hand: in the last three months nothing happened.
select sum(amount) as amount, sum(accounts) as accounts from expansion where day = '2024-12-31' and window = '3m';
