-- Reporting time zone, by the latest day that is computed; one row.
--
-- Columns:
--   zone fact IANA name.

select if(empty(groupArray(timezone)), 'UTC', argMax(timezone, day)) as zone
from policy_days
