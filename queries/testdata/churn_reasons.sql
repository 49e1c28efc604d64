-- Why customers left, by fiscal year. Our fiscal year begins in April, and FY25 is the one that ends in March 2025.
insert into stored_settings (name, value) values ('fiscal_year_start', '4');

-- A churn is dated on the first day without revenue. Acme's last day is 30 March 2024, so it left on the 31st, in FY24;
-- Birch's last day is 31 March, so it left on 1 April, in FY25. Cedar said nothing.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, cancel_reason) values
    ('acme',  'acme',  10000, '2023-01-01', '2024-03-31', 'price'),
    ('birch', 'birch', 20000, '2023-01-01', '2024-04-01', 'price'),
    ('cedar', 'cedar', 3000,  '2023-01-01', '2024-06-01', '');

-- Dune left in June 2023, came back, and left again in June 2024: it left twice, and is counted twice.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, cancel_reason) values
    ('dune-1', 'dune', 1000, '2023-01-01', '2023-06-01', 'budget'),
    ('dune-2', 'dune', 2000, '2024-01-01', '2024-06-01', 'budget');

-- Elm ended two contracts on one day: the larger one's reason is the primary one. Of Fir's two the larger one names none.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, cancel_reason) values
    ('elm-1', 'elm', 'core', 30000, '2023-01-01', '2024-07-01', 'price'),
    ('elm-2', 'elm', 'mail', 5000,  '2023-01-01', '2024-07-01', 'merger'),
    ('fir-1', 'fir', 'core', 30000, '2023-01-01', '2024-07-01', ''),
    ('fir-2', 'fir', 'mail', 5000,  '2023-01-01', '2024-07-01', 'product gap');

-- Gum left in March 2020 (FY20, too long ago at the end of 2024), Hazel a day later, in FY21, the first of five years.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, cancel_reason) values
    ('gum',   'gum',   7000, '2019-01-01', '2020-03-31', 'moved'),
    ('hazel', 'hazel', 8000, '2019-01-01', '2020-04-01', 'moved');

-- None of these left: Ivy renewed early, Juno cancelled one of two contracts, Kilo has given notice for 2025.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, renewed_from, notice_on, cancel_reason) values
    ('ivy-1',  'ivy',  'core', 9000, '2023-01-01', '2025-01-01', '',      null,         ''),
    ('ivy-2',  'ivy',  'core', 9000, '2024-10-01', '2026-01-01', 'ivy-1', null,         ''),
    ('juno-1', 'juno', 'core', 9000, '2023-01-01', null,         '',      null,         ''),
    ('juno-2', 'juno', 'mail', 9000, '2023-01-01', '2024-07-01', '',      null,         'price'),
    ('kilo',   'kilo', 'core', 9000, '2023-01-01', '2025-06-01', '',      '2024-11-01', 'price');

-- By hand, at the end of 2024:
--   FY21  moved 1 (Hazel, 8,000)
--   FY24  budget 1 (Dune, 1,000), price 1 (Acme, 10,000)
--   FY25  budget 1 (Dune, 2,000), price 2 (Birch 20,000 + Elm 35,000), product gap 1 (Fir, 35,000), unknown 1 (Cedar, 3,000)
-- Of the five of FY25, price is 0.4 and each other reason 0.2; FY24 is half and half.
select * from churn_reasons where day = '2024-12-31' order by fiscal_year, reason;

-- Who it was, and when.
select fiscal_year, reason, account_id, churned_on, arr, contracts
from churn_reasons_detail where day = '2024-12-31' order by churned_on, account_id;

-- Somebody typed the reasons in freely: of 22 that occur once each, the last two by name are put together as (other). Shares are of all 22.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, cancel_reason)
select concat('c', toString(number)), concat('a', toString(number)), 1000, '2023-01-01', '2024-07-01', concat('reason ', char(97 + number)) from numbers(22);
select count() as reasons, anyIf(accounts, reason = '(other)') as other, anyIf(accounts, reason = 'reason t') as twentieth, sum(accounts) as left_accounts, any(lost_accounts) as lost, round(sum(share_ratio), 9) as shares
from churn_reasons where day = '2024-12-31';
