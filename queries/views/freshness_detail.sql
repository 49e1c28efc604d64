-- The rows of each fact table, by the system that they came from.
--
-- Columns:
--   day       key   Day.
--   table     label Fact table.
--   source    key   System that the rows came from; empty for usage events, which are counted across systems.
--   rows      part  Rows dated up to the day, versions of the same row counted once each.
--   latest_at fact  Latest date among them; 1970-01-01: none is dated.

select day, table, source, rows, latest_at
from freshness_days
