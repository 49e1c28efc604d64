-- The contracts behind ARR.
--
-- One row per contract that counts at the day. One that costs nothing is here for its seats.
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
    from (
        select day, account_id, source, contract_id, arr, seats, product, department, acv, currency, rate, starts_on, counts_before, notice_on
        from contract_days
        where is_active
        union all
        select
            p.day as day, t.account_id as account_id, t.source as source, t.contract_id as contract_id, toDecimal128(0, 12) as arr, t.seats_sold as seats, t.product as product, t.department as department,
            t.acv as acv, t.currency as currency, p.rates[t.currency] as rate, t.starts_on as starts_on, t.due_on as counts_before,
            if(t.notice_on > p.day, toDate('2149-06-06'), t.notice_on) as notice_on
        from contract_terms as t
        cross join policy_days as p
        where t.acv = 0 and t.seats_sold > 0 and t.counts_from <= p.day and p.day < t.counts_before
    ) as d
    group by day, account_id
) as c
join account_days as a on a.day = c.day and a.account_id = c.account_id and a.is_paying
array join c.contracts as t, arrayEnumerate(c.contracts) as position
