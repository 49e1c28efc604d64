-- Today, in the reporting time zone; one row.
--
-- The day goes on: usage and health stand for the last whole day (usage_day).
--
-- Columns:
--   day key Today.

-- While the view is made, the engine takes the zone for empty.
select toDate(now(), if(assumeNotNull((select zone from reporting_zone)) = '', 'UTC', assumeNotNull((select zone from reporting_zone)))) as day
