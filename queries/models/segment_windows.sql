-- Every segment with every window, so that what is zero is shown as zero.
--
-- Columns:
--   segment label Touch model: high, low, tech.
--   window  label Length of the window: 1m, 3m, 12m.

select arrayJoin(['high', 'low', 'tech']) as segment, arrayJoin(cs_windows({as_of:Date}).1) as window
