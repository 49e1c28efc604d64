-- The last whole day, in the reporting time zone; one row.
--
-- Columns:
--   day key Yesterday.

select day - 1 as day
from current_day
