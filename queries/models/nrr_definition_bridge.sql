-- What each account contributes to net revenue retention by each definition.
--
-- Per window and definition the contributions add up to the ratio less 1; the difference of two columns is the account's
-- part in the difference of the two definitions. Chained retention is the product of monthly steps r; it telescopes into
-- the sum of (r_k - 1) times the product of the steps before, and r_k - 1 is a sum over the accounts of that month.
--
-- Columns:
--   window     label Length of the window: 1m, 3m, 12m.
--   account_id key   Account.
--   cohort     fact  Contribution to the cohort definition; null where it is undefined.
--   chained    fact  Contribution to the chained definition; null where it is undefined.
--   movement   fact  Contribution to the movement definition; null where it is undefined.

select
    w.1 as window,
    account_id,
    if(a.arr[w.2 + 1] > 0, cs_float(a.arr[1] - a.arr[w.2 + 1]), 0.) / nullIf(cs_float(m.totals[w.2 + 1]), 0) as cohort,
    -- A month in which nobody paid breaks the chain.
    if(arrayExists(k -> m.totals[k + 1] = 0, range(1, w.2 + 1)), null, arraySum(
        k -> arrayProduct(arrayPushBack(arraySlice(m.steps, k + 1, w.2 - k), 1.)) * if(a.arr[k + 1] > 0, cs_float(a.arr[k] - a.arr[k + 1]), 0.) / cs_float(m.totals[k + 1]),
        arrayFilter(k -> m.totals[k + 1] > 0, range(1, w.2 + 1)))) as chained,
    if(a.arr[w.2 + 1] > 0 or first_paid_on <= addMonths({as_of:Date}, -w.2), cs_float(a.arr[1] - a.reported[w.2 + 1]), 0.)
        / nullIf(cs_float(m.reported[w.2 + 1]), 0) as movement
from cs.account_arr(as_of = {as_of:Date}) as a
cross join cs.nrr_months(as_of = {as_of:Date}) as m
array join cs_windows({as_of:Date}) as w
where cohort != 0 or chained != 0 or movement != 0
