-- The accounts behind the coverage of each CSM.
--
-- One row per account that pays on the day, also of those that are in neither part.
--
-- Columns:
--   day               key   Day.
--   csm               label Owner on the day; (none): nobody.
--   account_id        key   Account.
--   covered_accounts  part  1 where it is eligible and was touched.
--   eligible_accounts part  1 where it paid on every day of the cadence.
--   segment           fact  Touch model whose cadence holds (layers/coverage_days.sql).
--   days              fact  Length of the cadence.
--   paid_since        fact  First day of the time without a gap for which it has paid.
--   touches           fact  Qualifying touches in the cadence.
--   touched_on        fact  Day of the last one, in the reporting time zone; null: none.
--   touched_by        fact  Who touched it then, as the source says.
--   touch_kind        fact  How.

select day, csm, account_id, covered_accounts, eligible_accounts, segment, days, paid_since, touches, touched_on, touched_by, touch_kind
from coverage_detail
