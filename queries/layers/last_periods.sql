-- The last week and month that were over at the end of each day; during the running day, at the end of the one before.
--
-- Columns:
--   day       key  Day.
--   period    key  week, month.
--   starts_on fact First day of the week, a Monday, or of the month.
--
-- Key: day, period

select
    day, period,
    if(period = 'week', toMonday(least(day, {whole:Date}) + 1) - 7, addMonths(toStartOfMonth(least(day, {whole:Date}) + 1), -1)) as starts_on
from (select arrayJoin({days:Array(Date)}) as day) as d
array join ['week', 'month'] as period
