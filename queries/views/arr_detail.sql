-- The contracts behind ARR.
--
-- One row per contract that counts at the day.
--
-- Columns:
--   day               key   Day.
--   segment           label Touch model of the account at the day.
--   account_id        key   Account.
--   contract_id       key   Contract.
--   source            key   System that the contract came from.
--   amount            part  Annual value in the reporting currency.
--   contracted_amount part  The same, unless notice was given by the day.
--   accounts          part  1 on one contract of each account.
--   seats             part  Seats.
--   product           fact  Product.
--   department        fact  Department that uses it.
--   acv               fact  Annual value in the contract currency.
--   currency          fact  Contract currency; empty: the reporting currency.
--   rate              fact  Exchange rate of the fiscal year.
--   starts_on         fact  First day covered.
--   counts_before     fact  First day on which it no longer counts; null: open.
--   notice_on         fact  Day on which notice was given; null: not.

select
    c.day as day, a.segment as segment, c.account_id as account_id, t.2 as contract_id, t.1 as source,
    t.3 as amount, t.4 as contracted_amount, toUInt8(position = 1) as accounts,
    t.5 as seats, t.6 as product, t.7 as department, t.8 as acv, t.9 as currency, t.10 as rate, t.11 as starts_on, t.12 as counts_before, t.13 as notice_on
from (
    select day, account_id, arraySort(t -> (t.1, t.2), groupArray((
        source, contract_id, d.arr, if(d.notice_on > day, d.arr, toDecimal128(0, 12)), seats, product, department, acv, currency, rate, d.starts_on,
        nullIf(d.counts_before, toDate('2149-06-06')), nullIf(d.notice_on, toDate('2149-06-06'))))) as contracts
    from contract_days as d
    where is_active
    group by day, account_id
) as c
join account_days as a on a.day = c.day and a.account_id = c.account_id
array join c.contracts as t, arrayEnumerate(c.contracts) as position
