-- The contracts behind ARR.
--
-- One row per contract that counts at as_of.
--
-- Columns:
--   segment           label Touch model of the account at as_of.
--   account_id        key   Account.
--   contract_id       key   Contract.
--   source            key   System that the contract came from.
--   amount            part  Annual value in the reporting currency.
--   contracted_amount part  The same, unless notice was given by as_of.
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
    cs_segment(sum(arr) over (partition by account_id), segment_high_arr, segment_low_arr) as segment,
    account_id, contract_id, source,
    arr as amount,
    if(d.notice_on > {as_of:Date}, arr, toDecimal128(0, 12)) as contracted_amount,
    toUInt8(row_number() over (partition by account_id order by source, contract_id) = 1) as accounts,
    seats, product, department, acv, currency, rate, starts_on,
    nullIf(d.counts_before, toDate('2149-06-06')) as counts_before,
    nullIf(d.notice_on, toDate('2149-06-06')) as notice_on
from cs.contract_arr(as_of = {as_of:Date}) as d
where is_active
