-- Quantities that the usage events of each paying account have in the trailing 28 days.
--
-- Those of single days are in views/daily_quantities.sql.
--
-- Columns:
--   day            key   Day.
--   segment        label Touch-model segment of the account on the day.
--   quantity       label Quantity.
--   account_id     key   Account.
--   value          part  Sum in the trailing 28 days, in the unit of the property.
--   previous_value part  Sum in the 28 days before, in the unit of the property.
--   events         part  Events of the trailing 28 days that have it.
--   accounts       part  1 where there are such events.
--   largest_value  fact  Largest value in one of them, in the unit of the property; null: there are none.
--   csm            fact  Owner; (none): nobody.

select
    q.day as day, s.segment as segment, x.1 as quantity, q.account_id as account_id, x.2 as value, x.3 as previous_value, x.4 as events, toUInt8(events > 0) as accounts,
    if(events > 0, toNullable(cs_float(x.5)), null) as largest_value, s.csm as csm
from quantity_days as q
join (select day, account_id, segment, csm, is_paying from account_days) as s on s.day = q.day and s.account_id = q.account_id
array join arrayZip(q.quantities, q.sums, q.sums_before, q.events, q.maxima) as x
where s.is_paying
