-- Logo churn: how many of the customers of then have left.

-- Ten small shops; the first leaves in June 2024. One large customer stays.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before)
select concat('shop', toString(number)), concat('shop', toString(number)), 1000, '2023-01-01', if(number = 0, toDate('2024-06-01'), null) from numbers(10);
insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('acme', 'acme', 100000, '2023-01-01');

-- Juno joins in February and leaves in August. Kilo cancels one of two contracts, and stays.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('juno',   'juno', '',     2000,  '2024-02-01', '2024-08-01'),
    ('kilo-1', 'kilo', 'core', 60000, '2023-01-01', null),
    ('kilo-2', 'kilo', 'mail', 50000, '2023-01-01', '2024-06-01');

-- By hand, twelve months to the end of 2024:
--   tech  1 of 10 shops, 0.1, between 0.0179 and 0.4042 (Wilson): one of ten may well be chance. Juno is in neither part.
--   high  0 of 2 (Acme and Kilo, who paid 110,000): up to 1 - 2/(2 + 3.8415) = 0.6576
--   low   nobody, so no ratio and no bounds
select segment, ratio, round(ratio_lower, 4) as lower, round(ratio_upper, 4) as upper, opening_accounts, lost_accounts
from logo_churn where day = '2024-12-31' and window = '12m' order by segment;

-- By hand, the last month: 0 of the 9 shops left, up to 1 - 9/(9 + 3.8415) = 0.2991. Kilo is low touch by now: 0 of 1, as high.
select segment, ratio, round(ratio_lower, 4) as lower, round(ratio_upper, 4) as upper, opening_accounts, lost_accounts
from logo_churn where day = '2024-12-31' and window = '1m' order by segment;

-- Who left.
select segment, window, account_id, opening_arr, closing_arr from logo_churn_detail
where day = '2024-12-31' and lost_accounts = 1 order by window;
