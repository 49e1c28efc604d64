-- Every segment and window with every movement, so that what is zero is shown as zero.
--
-- Columns:
--   segment  label Touch model: high, low, tech.
--   window   label Length of the window: 1m, 3m, 12m.
--   movement label new, expansion, contraction, churn, reactivation, currency.

select segment, window, arrayJoin(['new', 'expansion', 'contraction', 'churn', 'reactivation', 'currency']) as movement
from cs.segment_windows(as_of = {as_of:Date})
