-- Contracts that ever counted by each day, in the pieces for which their terms hold, valued at the rate of the day's fiscal year.
--
-- A piece counts on a day x up to this one if counts_from <= x < counts_before. What begins after the day (a successor, a notice, new
-- terms) is not known on it: until then the contract is taken to last as long as it says itself.
--
-- For one day, or a few: this reads all contracts for each.
--
-- Columns:
--   day           key  Day.
--   account_id    key  Account that pays.
--   source        key  System that the contract came from.
--   contract_id   key  Contract.
--   counts_from   key  First day of the piece.
--   covered_before fact First day no longer covered, as known by the day; 2149-06-06: open.
--   counts_before fact First day on which it no longer counts, as known by the day; 2149-06-06: open.
--   is_active     fact 1 where it counts at the end of the day.
--   product       fact Product.
--   department    fact Department that uses it.
--   kind          fact What the source says it was sold as; empty: not said.
--   seats         fact Seats bought.
--   acv           fact Annual value in the contract currency.
--   currency      fact ISO 4217; empty: the reporting currency.
--   rate          fact Exchange rate of the day's fiscal year.
--   arr           fact Annual value in the reporting currency.
--   previous_arr  fact The same at the rate of the fiscal year before.
--   starts_on     fact First day covered by the contract.
--   due_on        fact Its own first day no longer covered, whatever replaced it; 2149-06-06: open.
--   renewed_from  fact Contract that it replaces.
--   replaced_on   fact First day of its successor, by the day; 2149-06-06: none.
--   notice_on     fact Day on which notice was given, by the day; 2149-06-06: not.
--   cancel_reason fact Why it was cancelled.

with
toDate('2149-06-06') as never

select c.*
from (
    select
        p.day as day, t.account_id as account_id, t.source as source, t.contract_id as contract_id, t.counts_from as counts_from,
        if(t.counts_before > p.day, t.due_on, t.counts_before) as covered_before,
        greatest(covered_before, least(if(t.resumes_on > p.day, never, t.resumes_on), notice_on, covered_before + p.grace_days)) as counts_before,
        counts_before > p.day as is_active,
        t.product as product, t.department as department, t.kind as kind, t.seats as seats, t.acv as acv, t.currency as currency,
        p.rates[t.currency] as rate,
        toDecimal128(t.acv, 4) * rate as arr,
        toDecimal128(t.acv, 4) * p.previous_rates[t.currency] as previous_arr,
        t.starts_on as starts_on, t.due_on as due_on, t.renewed_from as renewed_from,
        if(t.replaced_on > p.day, never, t.replaced_on) as replaced_on,
        if(t.notice_on > p.day, never, t.notice_on) as notice_on,
        t.cancel_reason as cancel_reason
    from contract_terms as t
    cross join policy_days as p
    where t.acv > 0 and t.counts_from < t.counts_before and t.counts_from <= p.day
) as c
-- Whose currency has no rate is in no KPI.
left anti join (select day, account_id from unvalued_days) as u on u.day = c.day and u.account_id = c.account_id
