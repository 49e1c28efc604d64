-- The accounts behind the coverage of the health measures.
--
-- One row per account that pays on the day and measure that counts for it.
--
-- Columns:
--   day               key   Day.
--   segment           label Touch model on the day.
--   measure           label Measure.
--   account_id        key   Account.
--   measured_accounts part  1 where it is there and not too old.
--   eligible_accounts part  1.
--   value             fact  What was measured; null: missing or too old.
--   measured_on       fact  Day that the last value is of, however old; null: there never was one.
--   score             fact  0 to 100; null where it is missing.
--   dimension         fact  Deployment, engagement, adoption or roi.

select
    day, segment, driver.1 as measure, account_id, toUInt8(driver.5 is not null) as measured_accounts, toUInt8(1) as eligible_accounts,
    driver.3 as value, driver.4 as measured_on, driver.5 as score, driver.2 as dimension
from account_health as h
array join drivers as driver
