-- What each account paid so many months after its first contract.
--
-- Ages are 0 to 12 months one by one and from there to 60 by threes; the day is the account's own first day plus the age.
--
-- Columns:
--   account_id    key   Account.
--   first_paid_on fact  First day on which it paid.
--   ages          fact  Ages in months, Array(UInt8).
--   arr           fact  ARR at each age, at the rate of as_of's fiscal year, Array(Decimal(38, 12)).

select
    account_id,
    min(starts_on) as first_paid_on,
    arrayFilter(m -> m <= 12 or m % 3 = 0, range(61)) as ages,
    arrayMap(m -> arraySum(arrayMap(t -> if(t.1 <= addMonths(first_paid_on, m) and addMonths(first_paid_on, m) < t.2, t.3, toDecimal128(0, 12)),
        groupArray((starts_on, counts_before, c.arr)))), ages) as arr
from cs.contract_arr(as_of = {as_of:Date}) as c
group by account_id
