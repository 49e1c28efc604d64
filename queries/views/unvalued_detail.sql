-- The accounts that are left out for want of an exchange rate.
--
-- Columns:
--   day        key   Day.
--   currency   label Currency, ISO 4217.
--   account_id key   Account.
--   accounts   part  1.
--   amount     part  ARR in this currency on the day.

select day, currency, account_id, toUInt8(1) as accounts, amount
from unvalued_days
