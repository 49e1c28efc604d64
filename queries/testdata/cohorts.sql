-- Retention of a quarter's new customers by age.

-- The first quarter of 2023: Acme begins on 1 January with 10,000 and leaves on 1 July, Birch begins on the quarter's last
-- day with 20,000 and doubles on 1 October. Cedar begins a day after the quarter, leaves, and comes back in 2024.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('acme',    'acme',  10000, '2023-01-01', '2023-07-01', ''),
    ('birch-1', 'birch', 20000, '2023-03-31', '2023-10-01', ''),
    ('birch-2', 'birch', 40000, '2023-10-01', null,         'birch-1'),
    ('cedar-1', 'cedar', 50000, '2023-04-01', '2023-08-01', ''),
    ('cedar-2', 'cedar', 60000, '2024-01-01', null,         '');

-- By hand, at the end of 2023. Ages count from each customer's own first day:
--   Q1, 5 months   both still pay (Acme on 1 June): 30,000 / 30,000
--       6 months   Acme has left (1 July), Birch pays 20,000 (30 September): 1 of 2, 20,000 / 30,000
--       7 months   Birch pays 40,000 (31 October): 40,000 / 30,000
--       9 months   the last one: Birch reaches it on 31 December, today
--   Q2, 3 months   Cedar pays on 1 July; 4 months: left on 1 August. 6 months is the last age (30 June + 6 = 30 December).
select * from cohorts where day = '2023-12-31' and (cohort = '2023-Q1' and toUInt8(age_months) >= 5
    or cohort = '2023-Q2' and toUInt8(age_months) >= 3)
order by cohort, toUInt8(age_months);

-- By hand, a day earlier: Birch, the youngest of the quarter, is not 9 months old yet, so the quarter's last age is 8.
select cohort, max(toUInt8(age_months)) as oldest from cohorts where day = '2023-12-30' group by cohort order by cohort;

-- By hand, on the day before the quarter's end: the quarter is not complete, nothing is shown.
select count() as series from cohorts where day = '2023-03-30';

-- By hand, two years later: month by month for a year, then by quarters; Cedar, back again, counts in its first quarter.
select cohort, groupArray(age_months) as ages, argMax(logo_ratio, toUInt8(age_months)) as last_logo_ratio, argMax(arr_ratio, toUInt8(age_months)) as last_arr_ratio
from (select * from cohorts where day = '2024-12-31' order by cohort, toUInt8(age_months)) group by cohort order by cohort;
