-- The accounts behind the coverage of the health measures.
--
-- One row per account that pays at as_of and measure that counts for it.
--
-- Columns:
--   segment           label Touch model at as_of.
--   measure           label Measure.
--   account_id        key   Account.
--   measured_accounts part  1 where it is there and not too old.
--   eligible_accounts part  1.
--   value             fact  What was measured; null: missing or too old.
--   measured_on       fact  Day that the last value is of, however old; null: there never was one.
--   score             fact  0 to 100; null where it is missing.
--   dimension         fact  Deployment, engagement, adoption or roi.

select
    segment, driver.1 as measure, account_id, toUInt8(driver.5 is not null) as measured_accounts, toUInt8(1) as eligible_accounts,
    driver.3 as value, driver.4 as measured_on, driver.5 as score, driver.2 as dimension
from (
    select h.segment as segment, h.account_id as account_id, arrayJoin(h.drivers) as driver
    from cs.account_health(as_of = {as_of:Date}) as h
) as listed
