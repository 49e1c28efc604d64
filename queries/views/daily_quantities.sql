-- Quantities in the usage events of each account and single day, by the setting event_quantities of the day.
--
-- Of all accounts, whether they pay or not.
--
-- Columns:
--   day           key  Day.
--   account_id    key  Account.
--   quantity      key  Quantity.
--   value         fact Sum, in the unit of the property.
--   events        fact Events that have it.
--   mean_value    fact Mean of these events, in the unit of the property.
--   largest_value fact Largest value in one of them, in the unit of the property.

select
    day, account_id, toString(quantity) as quantity, quantity_sums[quantity] as value, quantity_events[quantity] as events, cs_ratio(value, events) as mean_value,
    quantity_maxima[quantity] as largest_value
from stored_usage_account_days final
array join mapKeys(quantity_events) as quantity
