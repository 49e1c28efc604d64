-- Every day, segment and window, so that what is zero is shown as zero.
--
-- Columns:
--   day     key   Day.
--   segment label Touch model: high, low, tech.
--   window  label Length of the window.

select day, arrayJoin(['high', 'low', 'tech']) as segment, window
from windows
