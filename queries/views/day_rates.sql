-- Exchange rates of each day's fiscal year, a row for each currency that has one.
--
-- Columns:
--   day      key  Day.
--   currency key  ISO 4217 code; empty: the reporting currency.
--   rate     fact Reporting currency for one unit.

select day, r.1 as currency, r.2 as rate
from policy_days
array join cast(rates, 'Array(Tuple(String, Decimal(18, 8)))') as r
