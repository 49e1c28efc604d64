-- Does onboarding in time lead to the first renewal? First contracts that were due between 1 July 2023 and 30 June 2024.

-- All are low touch, and have 90 days for onboarding, until 1 July 2023 for those that began on 2 April. Acme, Birch, Cedar, Dune
-- and Elm renew; Elm by a contract that is half as large. Fir, Gum and Hazel are lost.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, renewed_from, notice_on) values
    ('acme-1',  'acme',  'core', 20000, '2023-04-02', '2024-04-02', '',        null),
    ('acme-2',  'acme',  'core', 30000, '2024-04-02', '2025-04-02', 'acme-1',  null),
    ('birch-1', 'birch', 'core', 20000, '2023-04-02', '2024-04-02', '',        null),
    ('birch-2', 'birch', 'core', 20000, '2024-04-02', '2025-04-02', 'birch-1', null),
    ('cedar-1', 'cedar', 'core', 20000, '2023-04-02', '2024-04-02', '',        null),
    ('cedar-2', 'cedar', 'core', 20000, '2024-04-02', '2025-04-02', 'cedar-1', null),
    ('dune-1',  'dune',  'core', 20000, '2023-04-02', '2024-04-02', '',        null),
    ('dune-2',  'dune',  'core', 20000, '2024-04-02', '2025-04-02', 'dune-1',  null),
    ('elm-1',   'elm',   'core', 40000, '2023-04-02', '2024-04-02', '',        null),
    ('elm-2',   'elm',   'core', 20000, '2024-04-02', '2025-04-02', 'elm-1',   null),
    ('fir',     'fir',   'core', 20000, '2023-04-02', '2024-04-02', '',        '2024-01-15'),
    ('gum',     'gum',   'core', 20000, '2023-04-02', '2024-04-02', '',        '2024-01-15'),
    ('hazel',   'hazel', 'core', 20000, '2023-04-02', '2024-04-02', '',        '2024-01-15');

-- On time: Acme on 1 July, the last day, 276 days before its renewal was due; Birch and Fir on 1 June, 306 days before. Late: Cedar on
-- 2 July (275 days), Gum on 1 April, the last day of its term (1 day). Never: Hazel; Dune, which was onboarded only on the day on
-- which it was due; and Elm, a week later.
insert into stored_milestones (account_id, milestone, reached_on, updated_at) values
    ('acme',  'onboarded', '2023-07-01', '2023-07-01'),
    ('birch', 'onboarded', '2023-06-01', '2023-06-01'),
    ('cedar', 'onboarded', '2023-07-02', '2023-07-02'),
    ('dune',  'onboarded', '2024-04-02', '2024-04-02'),
    ('elm',   'onboarded', '2024-04-09', '2024-04-09'),
    ('fir',   'onboarded', '2023-06-01', '2023-06-01'),
    ('gum',   'onboarded', '2024-04-01', '2024-04-01');

-- None of these counts: Ivy's second renewal was due, its first was two years ago. Juno's was due on 30 June 2023, a day too
-- early for twelve months. Kilo's ended on 10 June, and nobody has said anything yet. Lima's has no end; the small one that it
-- took for its first month is not its first contract. Mango's is due tomorrow.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, renewed_from) values
    ('ivy-1',   'ivy',   'core', 20000, '2021-04-02', '2022-04-02', ''),
    ('ivy-2',   'ivy',   'core', 20000, '2022-04-02', '2024-04-02', 'ivy-1'),
    ('ivy-3',   'ivy',   'core', 20000, '2024-04-02', '2025-04-02', 'ivy-2'),
    ('juno-1',  'juno',  'core', 20000, '2022-06-30', '2023-06-30', ''),
    ('juno-2',  'juno',  'core', 20000, '2023-06-30', '2024-06-30', 'juno-1'),
    ('kilo',    'kilo',  'core', 20000, '2023-06-10', '2024-06-10', ''),
    ('lima-1',  'lima',  'core', 20000, '2024-01-01', null,         ''),
    ('lima-2',  'lima',  'mail', 1000,  '2024-01-01', '2024-02-01', ''),
    ('mango',   'mango', 'core', 20000, '2023-07-01', '2024-07-01', '');

-- By hand, at the end of June 2024, in low touch:
--   on_time  Acme, Birch, Fir: 2 of 3; median of 276, 306 and 306 days: 306 days are 26,438,400 seconds
--   late     Cedar, Gum: 1 of 2; between 275 days and 1: 138 days are 11,923,200 seconds
--   never    Dune, Elm, Hazel: 2 of 3; no such time
select segment, outcome, round(ratio, 4) as ratio, round(ratio_lower, 4) as ratio_lower, round(ratio_upper, 4) as ratio_upper, accounts, renewed_accounts, slack_p50_seconds
from onboarding_effect where day = '2024-06-30' order by segment, outcome;
select outcome, account_id, renewed_accounts, contract_id, renewal_due_on, due_on, onboarded_on, slack_seconds
from onboarding_effect_detail where day = '2024-06-30' order by outcome, account_id;

-- By hand, 31 days after its end Kilo is lost, and it was never onboarded. Mango ended ten days ago and is undecided.
select outcome, account_id, renewed_accounts from onboarding_effect_detail where day = '2024-07-11' and account_id in ('kilo', 'mango');

-- By hand, on 30 June 2023 Juno is renewed on the very day on which it was due.
select outcome, account_id, renewed_accounts, renewal_due_on from onboarding_effect_detail where day = '2023-06-30';
