-- Every day and segment, so that what is zero is shown as zero.
--
-- Columns:
--   day     key   Day.
--   segment label Touch model: high, low, tech.

select day, arrayJoin(['high', 'low', 'tech']) as segment
from policy_days
