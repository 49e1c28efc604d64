-- What each account pays at each age in months after its first contract.
--
-- Ages are 0 to 12 months one by one and from there to 60 by threes; the day is the account's own first day plus the age. There
-- are rows for each length that the grace period ever had: those of policy_days.grace_days hold on a day. Ages that lie
-- ahead are here, too: who reads this leaves them out.
--
-- Columns:
--   account_id    key  Account.
--   grace_days    key  Length of the grace period.
--   age           key  Age in months.
--   first_paid_on fact First day on which it paid.
--   first_amounts fact Annual values by currency of the contracts of the first day, Map(String, Decimal).
--   amounts       fact Annual values by currency of the contracts that count at that age, Map(String, Decimal).
--
-- Key: account_id, grace_days, age

with
arrayFilter(m -> m <= 12 or m % 3 = 0, range(61)) as ages

-- A row for each age, also one at which nothing is paid. Arrays are looked through account by account: rows of ages times spans would be many.
select
    account_id, grace_days, x.1 as age, first_paid_on,
    mapFromArrays(arrayFilter((c, h) -> h.1 = first_paid_on, currencies, held), arrayFilter((a, h) -> h.1 = first_paid_on, amounts_paid, held)) as first_amounts,
    mapFromArrays(arrayMap(i -> currencies[i], x.2), arrayMap(i -> amounts_paid[i], x.2)) as amounts
from (
    select
        account_id, grace_days, min(since) as first_paid_on,
        groupArray(toString(s.currency)) as currencies, groupArray(s.amount) as amounts_paid, groupArray((since, before)) as held
    from arr_spans as s
    where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}
    group by account_id, grace_days
) as accounts
array join arrayMap(m -> (m, arrayFilter((i, h) -> h.1 <= addMonths(first_paid_on, m) and addMonths(first_paid_on, m) < h.2, arrayEnumerate(held), held)), ages) as x
