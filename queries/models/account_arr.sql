-- ARR of each account at the end of as_of and of the same day in each of the twelve months before.
--
-- An account is here once it has paid, also when it no longer does. Arrays have 13 entries, by months before as_of.
--
-- Columns:
--   account_id     key   Account.
--   first_paid_on  fact  First day on which it paid.
--   arr            fact  ARR at the rate of as_of's fiscal year, by months before as_of.
--   reported       fact  ARR at the rate of each month's own fiscal year, by months before as_of.
--   contracted_arr fact  ARR at as_of less what has given notice.
--   seats          fact  Seats at as_of.

select
    account_id,
    min(starts_on) as first_paid_on,
    sumForEach(arrayMap(a -> if(a, c.arr, toDecimal128(0, 12)), active)) as arr,
    sumForEach(c.reported) as reported,
    sumIf(c.arr, active[1] and notice_on > {as_of:Date}) as contracted_arr,
    sumIf(c.seats, active[1]) as seats
from cs.contract_arr(as_of = {as_of:Date}) as c
group by account_id
