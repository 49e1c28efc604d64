-- The one exchange rate of a fiscal year. Ours begins in April; we report in dollars.
insert into stored_settings (name, value) values ('fiscal_year_start', '4');

-- EUR: there is a rate for 31 March, the day before the year begins; what comes later in the year does not matter.
-- GBP: the last rate before the year is of 1 March, 31 days old, which will just do.
-- CHF: that of 29 February is 32 days old, which is too old; the first one inside the year, of 15 May, is taken.
-- JPY: there is none inside the year, and the last one is too old.
insert into stored_fx_rates (currency, day, rate) values
    ('EUR', '2023-04-01', 1.05), ('EUR', '2024-03-31', 1.10), ('EUR', '2024-04-02', 1.20), ('EUR', '2025-04-01', 1.30),
    ('GBP', '2024-03-01', 1.25), ('GBP', '2024-05-01', 1.35),
    ('CHF', '2024-02-29', 1.01), ('CHF', '2024-05-15', 1.11), ('CHF', '2024-06-15', 1.21),
    ('JPY', '2024-01-01', 0.007);

-- By hand, in FY25: EUR 1.10 (the year before 1.05), GBP 1.25 (the year before: the first one inside, of 1 March, 1.25),
-- CHF 1.11 (1.01), JPY none (0.007); the reporting currency is 1, with or without a name.
select code as currency, rates[code] as rate, previous_rates[code] as previous_rate
from policy_days
array join mapKeys(mapUpdate(rates, previous_rates)) as code
where day = '2024-12-31'
order by currency;

-- By hand, on 14 May: no rate of CHF is known yet for FY25; no peeking.
select rates['CHF'] as rate from policy_days where day = '2024-05-14';

-- A rate of the first day itself is later corrected; the last change wins, whichever row comes first.
insert into stored_fx_rates (currency, day, rate, updated_at) values ('EUR', '2024-04-01', 1.16, '2100-01-01 00:00:00');
insert into stored_fx_rates (currency, day, rate, updated_at) values ('EUR', '2024-04-01', 1.99, '2001-01-01 00:00:00');
select rates['EUR'] as rate from policy_days where day = '2024-12-31';
