-- The paying accounts that began with a land contract.
--
-- Columns:
--   day                key   Day.
--   segment            label Touch model of the account at the day.
--   account_id         key   Account.
--   accounts           part  1.
--   onboarded_accounts part  1 where it is onboarded.
--   expanded_accounts  part  1 where its ARR is above that of its first day, at the exchange rates of the day.
--   seats              part  Contracted seats.
--   land_seats         part  Contracted seats on its first day.
--   first_paid_on      fact  First day on which it paid.
--   onboarded_on       fact  Day on which it was onboarded; null: not yet.
--   arr                fact  ARR in the reporting currency.
--   land_arr           fact  ARR on its first day, in the reporting currency.
--   owner_at_start     fact  Owner on its first day; (none): nobody.

select
    s.day as day, s.segment as segment, s.account_id as account_id,
    toUInt8(1) as accounts,
    toUInt8(o.onboarded_on != toDate('2149-06-06')) as onboarded_accounts,
    toUInt8(s.arr > land_arr) as expanded_accounts,
    s.seats as seats, l.seats as land_seats, s.first_paid_on as first_paid_on,
    nullIf(o.onboarded_on, toDate('2149-06-06')) as onboarded_on,
    s.arr as arr,
    arraySum(arrayMap((currency, amount) -> amount * p.rates[currency], mapKeys(l.amounts), mapValues(l.amounts))) as land_arr,
    l.owner_at_start as owner_at_start
from account_days as s
join land_terms as l on l.account_id = s.account_id
join policy_days as p on p.day = s.day
join onboarding_days as o on o.day = s.day and o.account_id = s.account_id
where s.is_paying and hasAll(mapKeys(p.rates), mapKeys(l.amounts)) -- else what it paid on its first day is not known
