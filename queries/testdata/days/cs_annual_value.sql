-- What a term's price comes to in a year, for mappings from systems that only know the price of the whole term.

-- By hand:
--   one year 12,000 is 12,000; a month 1,000 is 12,000; three years 36,000 and two years 24,000 are 12,000 a year
--   half a year 6,000 is 12,000; thirteen weeks 3,000 is 3,000 * 52 / 13 = 12,000; one week 100 is 5,200
--   February (four weeks long in 2023, but a whole month) 1,000 is 12,000
--   from 31 January to before 29 February 2024, month's end to month's end, 1,000 is 12,000
--   from 29 February 2024 to before 28 February 2025, 12 months with the month's end clamped, 12,000 is 12,000
--   ten days 1,000 is 1,000 * 365 / 10 = 36,500; 36 months 1,000 is 333.3333
select
    cs_annual_value(12000, toDate('2024-01-01'), toDate('2025-01-01')) as one_year,
    cs_annual_value(1000, toDate('2024-01-01'), toDate('2024-02-01')) as one_month,
    cs_annual_value(36000, toDate('2024-01-01'), toDate('2027-01-01')) as three_years,
    cs_annual_value(24000, toDate('2024-04-15'), toDate('2026-04-15')) as two_years,
    cs_annual_value(6000, toDate('2024-01-01'), toDate('2024-07-01')) as half_a_year;
select
    cs_annual_value(3000, toDate('2023-01-02'), toDate('2023-04-03')) as thirteen_weeks,
    cs_annual_value(100, toDate('2024-01-01'), toDate('2024-01-08')) as one_week,
    cs_annual_value(1000, toDate('2023-02-01'), toDate('2023-03-01')) as february,
    cs_annual_value(1000, toDate('2024-01-31'), toDate('2024-02-29')) as month_ends,
    cs_annual_value(12000, toDate('2024-02-29'), toDate('2025-02-28')) as leap_day,
    cs_annual_value(1000, toDate('2024-01-01'), toDate('2024-01-11')) as ten_days,
    cs_annual_value(1000, toDate('2024-01-01'), toDate('2027-01-01')) as uneven;

-- By hand: an open term, one of no days and one that ends before it starts have no annual value.
select
    cs_annual_value(1000, toDate('2024-01-01'), cast(null as Nullable(Date))) as open,
    cs_annual_value(1000, toDate('2024-01-01'), toDate('2024-01-01')) as no_days,
    cs_annual_value(1000, toDate('2024-02-01'), toDate('2024-01-01')) as backward;
