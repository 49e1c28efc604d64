-- Annual value of each contract that ever counted by as_of, in the reporting currency, with the policy beside it.
--
-- It counts on a day if starts_on <= day < counts_before: from its first day until its end or its successor. A grace period
-- goes on counting a contract that just ended as long as nothing followed and no notice was given.
--
-- Columns:
--   source                key   System that the contract came from.
--   contract_id           key   Contract.
--   account_id            key   Account that pays.
--   product               fact  Product.
--   department            fact  Department that uses it.
--   kind                  fact  What the source says it was sold as; empty: not said.
--   seats                 fact  Seats bought.
--   acv                   fact  Annual value in the contract currency.
--   currency              fact  ISO 4217; empty: the reporting currency.
--   rate                  fact  Exchange rate of the fiscal year of as_of.
--   starts_on             fact  First day covered.
--   counts_before         fact  First day on which it no longer counts; 2149-06-06: open.
--   is_active             fact  1 where it counts at as_of.
--   due_on                fact  Its own first day no longer covered, whatever replaced it; 2149-06-06: open.
--   renewed_from          fact  Contract that it replaces.
--   replaced_on           fact  First day of its successor; 2149-06-06: none.
--   notice_on             fact  Day on which notice was given; 2149-06-06: not.
--   cancel_reason         fact  Why it was cancelled.
--   arr                   fact  Annual value in the reporting currency at the rate of as_of's fiscal year.
--   previous_arr          fact  The same at the rate of the fiscal year before; 0 where it did not count in the last months of that.
--   fiscal_year_starts_on fact  First day of the fiscal year of as_of.
--   fiscal_year_start     fact  First month of the fiscal year.
--   renewal_overdue_days  fact  Setting.
--   segment_high_arr      fact  Setting.
--   segment_low_arr       fact  Setting.
--
-- Keep: 20s

select
    source, contract_id, account_id, product, department, kind, seats, acv, currency,
    cs_rate(rates[currency].1, currency, {as_of:Date}) as rate,
    starts_on,
    greatest(covered_before, least(resumes_on, notice_on, covered_before + grace_days)) as counts_before,
    counts_before > {as_of:Date} as is_active,
    due_on, renewed_from, replaced_on, notice_on, cancel_reason,
    toDecimal128(acv, 4) * rate as arr,
    if(starts_on < fiscal_year_starts_on and counts_before > addMonths({as_of:Date}, -12),
        toDecimal128(acv, 4) * cs_rate(rates[currency].2, currency, fiscal_year_starts_on - 1), toDecimal128(0, 12)) as previous_arr,
    fiscal_year_starts_on, fiscal_year_start, renewal_overdue_days, segment_high_arr, segment_low_arr
from cs.contract_terms(as_of = {as_of:Date}) as t
cross join (
    select
        v.1 as rates, v.2 as fiscal_year_starts_on, v.3 as fiscal_year_start, v.4 as grace_days,
        v.5 as renewal_overdue_days, v.6 as segment_high_arr, v.7 as segment_low_arr
    -- A scalar subquery is Nullable, and a null here would make amounts null that are zero.
    from (select assumeNotNull((select tuple(*) from cs.valuation(as_of = {as_of:Date}))) as v) as scalar
) as policy
where acv > 0 and starts_on < covered_before
