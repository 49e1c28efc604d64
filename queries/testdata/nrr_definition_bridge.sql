-- Why two definitions of net revenue retention differ, account by account.

-- Acme pays 100,000 all the time. Birch pays 100,000, leaves on 1 November and comes back on 15 December with 50,000.
-- Cedar joins on 15 October with 100,000 and doubles on 1 December. Dune paid until May 2023 and returns on 10 December with 30,000.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('acme',    'acme',  100000, '2023-01-01', null,         ''),
    ('birch-1', 'birch', 100000, '2023-01-01', '2024-11-01', ''),
    ('birch-2', 'birch', 50000,  '2024-12-15', null,         ''),
    ('cedar-1', 'cedar', 100000, '2024-10-15', '2024-12-01', ''),
    ('cedar-2', 'cedar', 200000, '2024-12-01', null,         'cedar-1'),
    ('dune-1',  'dune',  40000,  '2022-01-01', '2023-06-01', ''),
    ('dune-2',  'dune',  30000,  '2024-12-10', null,         '');


-- By hand, three months. Each column adds up to its ratio less 1:
--   cohort    Birch (50,000 - 100,000) / 200,000 = -0.25
--   chained   Birch lost in November, -100 / 300 = -0.3333; Cedar won in December, 100 / 200 of the 2/3 that were left, 0.3333
--   movement  Birch -0.25, Dune 30,000 / 200,000 = 0.15
select account_id, cohort, round(chained, 4) as chained, movement
from nrr_definition_bridge where day = '2024-12-31' and window = '3m' order by account_id;

-- By hand: -0.25, 0 and -0.1 are 0.75, 1 and 0.9 less 1.
select round(sum(cohort), 4) as cohort, abs(round(sum(chained), 4)) as chained, round(sum(movement), 4) as movement
from nrr_definition_bridge where day = '2024-12-31' and window = '3m';

-- A company that lost everybody for a while: Elm, its only customer, pauses in May 2020.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('elm-1', 'elm', 10000, '2019-01-01', '2020-05-01'),
    ('elm-2', 'elm', 15000, '2020-06-01', null);

-- By hand: over twelve months Elm pays 5,000 of 10,000 more, 0.5; the chain is broken by the month without revenue, so there is no
-- chained ratio and no contribution to it. Over three months nobody paid at the start, and in one nothing changed: no rows.
select * from nrr_definition_bridge where day = '2020-08-31' order by window, account_id;
select window, definition, ratio from nrr_definitions where day = '2020-08-31' and window = '12m' order by definition;
