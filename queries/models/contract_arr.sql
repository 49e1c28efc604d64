-- Annual value of each contract at the end of as_of and of the same day in each of the twelve months before.
--
-- Active is starts_on <= day < covered_before; a grace period goes on counting a contract that just ended as long as
-- nothing followed and no notice was given. Month ends clamp: 31 March less one month is the last day of February.
-- Arrays have 13 entries, by months before as_of.
--
-- Columns:
--   source         key   System that the contract came from.
--   contract_id    key   Contract.
--   account_id     key   Account that pays.
--   product        fact  Product.
--   department     fact  Department that uses it.
--   kind           fact  What the source says it was sold as; empty: not said.
--   seats          fact  Seats bought.
--   acv            fact  Annual value in the contract currency.
--   currency       fact  ISO 4217; empty: the reporting currency.
--   rate           fact  Exchange rate of the fiscal year of as_of.
--   starts_on      fact  First day covered.
--   counts_before  fact  First day on which it no longer counts; 2149-06-06: open.
--   due_on         fact  Its own first day no longer covered, whatever replaced it; 2149-06-06: open.
--   renewed_from   fact  Contract that it replaces.
--   replaced_on    fact  First day of its successor; 2149-06-06: none.
--   notice_on      fact  Day on which notice was given; 2149-06-06: not.
--   cancel_reason  fact  Why it was cancelled.
--   arr            fact  Annual value in the reporting currency at the rate of as_of's fiscal year.
--   previous_arr   fact  The same at the rate of the fiscal year before; 0 where it did not count then.
--   active         fact  1 where it counts, by months before as_of.

select
    source, contract_id, account_id, product, department, kind, seats, acv, currency, rate, starts_on, counts_before,
    due_on, renewed_from, replaced_on, notice_on, cancel_reason,
    toDecimal128(acv, 4) * rate as arr,
    if(starts_on < fiscal_year_starts_on and counts_before > addMonths({as_of:Date}, -12),
        toDecimal128(acv, 4) * cs_rate(previous_rate, currency, fiscal_year_starts_on - 1), toDecimal128(0, 12)) as previous_arr,
    arrayMap(k -> starts_on <= addMonths({as_of:Date}, -k) and addMonths({as_of:Date}, -k) < counts_before, range(13)) as active
from (
    select
        t.source as source, contract_id, account_id, product, department, kind, seats, acv, t.currency as currency,
        starts_on, due_on, renewed_from, replaced_on, notice_on, cancel_reason, previous_rate, fiscal_year_starts_on,
        cs_rate(r.rate, t.currency, {as_of:Date}) as rate,
        if(notice_on <= covered_before, covered_before,
            greatest(covered_before, least(resumes_on, covered_before + grace_days))) as counts_before
    from cs.contract_terms(as_of = {as_of:Date}) as t
    -- The policy comes by a join: each mention of a scalar subquery would be evaluated again.
    cross join (select fiscal_year_starts_on, grace_days from cs.policy(as_of = {as_of:Date})) as p
    left join cs.fiscal_rates(as_of = {as_of:Date}) as r on r.currency = t.currency
    where acv > 0 and starts_on < covered_before
)
