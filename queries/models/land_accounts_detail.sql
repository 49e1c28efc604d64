-- The paying accounts that began with a land contract.
--
-- Columns:
--   segment            label Touch model of the account at as_of.
--   account_id         key   Account.
--   accounts           part  1.
--   onboarded_accounts part  1 where it is onboarded.
--   expanded_accounts  part  1 where its ARR is above that of its first day, at the exchange rates of as_of.
--   seats              part  Contracted seats.
--   land_seats         part  Contracted seats on its first day.
--   first_paid_on      fact  First day on which it paid.
--   onboarded_on       fact  Day on which it was onboarded; null: not yet.
--   arr                fact  ARR in the reporting currency.
--   land_arr           fact  ARR on its first day, in the reporting currency.

select
    l.segment as segment,
    l.account_id as account_id,
    toUInt8(1) as accounts,
    toUInt8(b.onboarded_on != toDate('2149-06-06')) as onboarded_accounts,
    toUInt8(l.arr > l.first_arr) as expanded_accounts,
    l.seats as seats,
    l.first_seats as land_seats,
    l.first_paid_on as first_paid_on,
    nullIf(b.onboarded_on, toDate('2149-06-06')) as onboarded_on,
    l.arr as arr,
    l.first_arr as land_arr
from (
    select
        s.account_id as account_id,
        any(s.segment) as segment, any(s.arr) as arr, any(s.seats) as seats, any(s.first_paid_on) as first_paid_on,
        sum(c.arr) as first_arr, sum(c.seats) as first_seats
    from cs.account_states(as_of = {as_of:Date}) as s
    inner join cs.contract_arr(as_of = {as_of:Date}) as c on c.account_id = s.account_id and c.starts_on = s.first_paid_on
    group by s.account_id
    having max((c.source, c.contract_id) in (select source, contract_id from cs.contracts final where is_land))
) as l
inner join cs.account_onboarding(as_of = {as_of:Date}) as b on b.account_id = l.account_id
