-- The accounts behind coverage.
--
-- One row per account that pays at as_of, also of those that are in neither part.
--
-- Columns:
--   segment           label Touch model whose cadence holds (models/account_coverage.sql).
--   account_id        key   Account.
--   covered_accounts  part  1 where it is eligible and was touched.
--   eligible_accounts part  1 where it paid on every day of the cadence.
--   csm               fact  Owner at as_of; (none): nobody.
--   days              fact  Length of the cadence.
--   paid_since        fact  First day of the time without a gap for which it has paid.
--   touches           fact  Qualifying touches in the cadence.
--   touched_on        fact  Day of the last one, in the reporting time zone; null: none.
--   touched_by        fact  Who touched it then, as the source says.
--   touch_kind        fact  How.

select
    segment, account_id,
    toUInt8(is_eligible and notEmpty(c.touches)) as covered_accounts,
    is_eligible as eligible_accounts,
    csm, days, paid_since,
    length(c.touches) as touches,
    if(notEmpty(c.touches), toNullable(c.touches[-1].2), null) as touched_on,
    c.touches[-1].4 as touched_by,
    c.touches[-1].3 as touch_kind
from cs.account_coverage(as_of = {as_of:Date}) as c
