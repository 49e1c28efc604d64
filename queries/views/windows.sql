-- The windows that KPIs are given for, and the day at whose end each begins.
--
-- A window is half open: what falls on the day on which it opens is before it. 1m, 3m and 12m are trailing; on the last day
-- of a month they open on the last day of a month, so that the opening of one month is the closing of the month before. mtd,
-- qtd and ytd begin with the month, fiscal quarter and fiscal year of the day.
--
-- Columns:
--   day      key   Day at whose end the window ends.
--   window   label 1m, 3m, 12m, mtd, qtd, ytd.
--   opens_on fact  Day at whose end it begins.

select
    day, w.1 as window, w.2 as opens_on
from policy_days
array join [
    ('1m', if(day = toLastDayOfMonth(day), toLastDayOfMonth(addMonths(day, -1)), addMonths(day, -1))),
    ('3m', if(day = toLastDayOfMonth(day), toLastDayOfMonth(addMonths(day, -3)), addMonths(day, -3))),
    ('12m', if(day = toLastDayOfMonth(day), toLastDayOfMonth(addMonths(day, -12)), addMonths(day, -12))),
    ('mtd', toStartOfMonth(day) - 1),
    ('qtd', addMonths(fiscal_year_starts_on, intDiv(dateDiff('month', fiscal_year_starts_on, day), 3) * 3) - 1),
    ('ytd', fiscal_year_starts_on - 1)
] as w
