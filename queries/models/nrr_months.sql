-- Company totals of every trailing month, the steps that chained retention is made of.
--
-- Columns:
--   totals        fact  ARR by months before as_of, 13 entries.
--   stayed        fact  ARR k - 1 months before as_of of the accounts that paid k months before, k = 1 to 12.
--   steps         fact  Retention from k to k - 1 months before as_of, k = 1 to 12; NaN where nothing was paid.
--   reported      fact  ARR as it was reported then, by months before as_of, 13 entries.
--   kept          fact  ARR at as_of of the accounts that paid k months before, k = 1 to 12.
--   kept_not_new  fact  ARR at as_of of the accounts that had paid by k months before, then or earlier, k = 1 to 12.

select
    sumForEach(arr) as totals,
    sumForEach(arrayMap(k -> if(arr[k + 1] > 0, arr[k], toDecimal128(0, 12)), range(1, 13))) as stayed,
    arrayMap(k -> ifNull(cs_ratio(stayed[k], totals[k + 1]), nan), range(1, 13)) as steps,
    sumForEach(a.reported) as reported,
    sumForEach(arrayMap(k -> if(arr[k + 1] > 0, arr[1], toDecimal128(0, 12)), range(1, 13))) as kept,
    sumForEach(arrayMap(k -> if(arr[k + 1] > 0 or first_paid_on <= addMonths({as_of:Date}, -k), arr[1], toDecimal128(0, 12)), range(1, 13))) as kept_not_new
from cs.account_arr(as_of = {as_of:Date}) as a
