-- The accounts behind the calibration of the health bands.
--
-- One row per horizon and account that had a score then.
--
-- Columns:
--   day           key   Day.
--   horizon       label Days before the day: 90d, 180d.
--   band          label Health band then.
--   account_id    key   Account.
--   accounts      part  1.
--   lost_accounts part  1 where it pays less on the day than it did then, or nothing.
--   score         fact  Health score then.
--   outcome       fact  churned, downsold, kept.

select day, horizon, band, account_id, accounts, lost_accounts, score, outcome
from health_backtest_detail
