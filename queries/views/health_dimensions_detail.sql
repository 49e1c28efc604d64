-- The accounts behind the dimensions of health.
--
-- One row per account that pays on the day and dimension of which a measure counts for it.
--
-- Columns:
--   day               key   Day.
--   segment           label Touch model on the day.
--   dimension         label deployment, engagement, adoption, roi.
--   account_id        key   Account.
--   measured_accounts part  1 where a measure of the dimension is there and not too old.
--   eligible_accounts part  1.
--   score             fact  Mean of the scores of its measures by their weights, 0 to 100; null where none is there.
--   measures          fact  The measures that are there, with their scores.

select
    day, segment, dimension, account_id, toUInt8(not empty(there)) as measured_accounts, toUInt8(1) as eligible_accounts,
    if(empty(there), null, toNullable(arraySum(arrayMap(d -> d.6 * assumeNotNull(d.5), there)) / arraySum(d -> d.6, there))) as score,
    arrayMap(d -> concat(d.1, ' ', toString(round(assumeNotNull(d.5)))), there) as measures
from (
    select day, segment, account_id, x as dimension, arrayFilter(d -> d.2 = x and d.5 is not null, drivers) as there
    from account_health as h
    array join arrayDistinct(h.drivers.2) as x
) as measured
