-- How long do customers stay, and how sure is that?

-- High touch: four left after 9, 19, 32 and 34 days; two still pay, after 48 and 50. These are the six patients of the control group of g3,
-- of which lifelines and R publish the bounds. Low touch: Gum left after a year of 365 days and came back in June, which leaves it
-- left; Hazel left after one of 366, as 2024 has a 29 February; Ivy has paid for 911 days, Juno for 29. Tech touch: Kilo has paid for 90.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme',  'acme',  'core', 120000, '2024-05-11', null),
    ('birch', 'birch', 'core', 120000, '2024-05-13', null),
    ('cedar', 'cedar', 'core', 120000, '2024-01-01', '2024-01-10'),
    ('dune',  'dune',  'core', 120000, '2024-01-01', '2024-01-20'),
    ('elm',   'elm',   'core', 120000, '2024-01-01', '2024-02-02'),
    ('fir',   'fir',   'core', 120000, '2024-01-01', '2024-02-04'),
    ('gum1',  'gum',   'core', 20000,  '2022-03-01', '2023-03-01'),
    ('gum2',  'gum',   'core', 20000,  '2023-06-01', null),
    ('hazel', 'hazel', 'core', 20000,  '2023-03-01', '2024-03-01'),
    ('ivy',   'ivy',   'core', 20000,  '2022-01-01', null),
    ('juno',  'juno',  'core', 20000,  '2024-06-01', null),
    ('kilo',  'kilo',  'core', 1000,   '2024-04-01', null);

-- By hand: high 5/6, 4/6, 3/6 and 2/6 after the four. At one month (31 days) 2/3, of 4 at risk; nobody was watched for three months. Greenwood's sum
-- after 19 days is 1/(6·5) + 1/(5·4) = 1/12; log(2/3) = -0.405465; 1.959964 √(1/12) / 0.405465 = 1.395418; (2/3)^exp(1.395418) = 0.1946, and
-- (2/3)^exp(-1.395418) = 0.9044. lifelines: 0.1946 and 0.904. The mean of the first 31 days is 9 + 10 · 5/6 + 12 · 4/6 = 25 1/3 days: 2188800
-- seconds. Low: 2/3 after 365 days, of 3 at risk (Juno is not there yet), and 1/3 after 366, which is 12 months. There 2 are at risk, at 24 months
-- Ivy alone, at 36 months nobody. The mean of two years is 365 + 1 · 2/3 + 365 · 1/3 = 487 1/3 days: 42105600 seconds. Tech: Kilo has
-- not left: 1, without bounds; it was watched for less than three months.
select * from survival where day = '2024-06-30' and event = 'churn' order by segment, toUInt8(age_months);

-- By hand: Gum is at risk up to 6 months, and left by 12; so does Hazel, which is still at risk at 12, on whose last day it left.
select * from survival_detail where day = '2024-06-30' and event = 'churn' and segment = 'low' order by account_id, toUInt8(age_months);

-- By hand: all four segments of the curve of g3 with the bounds that lifelines publishes: 0.2731 to 0.975, 0.1946 to 0.904, 0.1109 to 0.804, 0.0461
-- to 0.676. By the year of the start: of 2024 also Juno and Kilo, censored after 29 and 90 days.
select * from survival_curve where day = '2024-06-30' and event = 'churn' and breakdown in ('segment', 'year') order by breakdown, member, seconds;

-- By hand, a year before: Gum has left after 365 days, Hazel has paid for 121, Ivy for 545: 1/2 at 12 months, of Ivy at risk alone.
select * from survival where day = '2023-06-30' and event = 'churn' and segment = 'low' order by toUInt8(age_months);
