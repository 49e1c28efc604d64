-- ARR of each account at the end of as_of and of the same day in each of the twelve months before.
--
-- An account is here once it has paid, also when it no longer does. Arrays have 13 entries, by months before as_of.
--
-- Columns:
--   account_id    key   Account.
--   first_paid_on fact  First day on which it paid.
--   arr           fact  ARR at the rate of as_of's fiscal year.
--   reported      fact  ARR at the rate of each day's own fiscal year, as it was reported then.
--
-- Keep: 20s

select
    account_id,
    min(starts_on) as first_paid_on,
    sumForEach(arrayMap(k -> if(starts_on <= addMonths({as_of:Date}, -k) and addMonths({as_of:Date}, -k) < counts_before,
        c.arr, toDecimal128(0, 12)), range(13))) as arr,
    sumForEach(arrayMap(k -> if(starts_on <= addMonths({as_of:Date}, -k) and addMonths({as_of:Date}, -k) < counts_before,
        if(addMonths({as_of:Date}, -k) >= fiscal_year_starts_on, c.arr, previous_arr), toDecimal128(0, 12)), range(13))) as reported
from cs.contract_arr(as_of = {as_of:Date}) as c
group by account_id
