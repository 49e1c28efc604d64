-- The accounts behind coverage.
--
-- One row per account that pays on the day, also of those that are in neither part.
--
-- Columns:
--   day               key   Day.
--   segment           label Touch model whose cadence holds (layers/coverage_days.sql).
--   account_id        key   Account.
--   covered_accounts  part  1 where it is eligible and was touched.
--   eligible_accounts part  1 where it paid on every day of the cadence.
--   csm               fact  Owner on the day; (none): nobody.
--   days              fact  Length of the cadence.
--   paid_since        fact  First day of the time without a gap for which it has paid.
--   touches           fact  Qualifying touches in the cadence.
--   touched_on        fact  Day of the last one, in the reporting time zone; null: none.
--   touched_by        fact  Who touched it then, as the source says.
--   touch_kind        fact  How.

select
    c.day as day, c.segment as segment, c.account_id as account_id,
    toUInt8(c.is_eligible and c.touches > 0) as covered_accounts,
    c.is_eligible as eligible_accounts,
    s.csm as csm, c.days as days, c.paid_since as paid_since, c.touches as touches,
    if(c.touches > 0, toNullable(c.touched_on), null) as touched_on,
    c.touched_by as touched_by, c.touch_kind as touch_kind
from coverage_days as c
join account_days as s on s.day = c.day and s.account_id = c.account_id
