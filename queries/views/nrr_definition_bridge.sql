-- What each account contributes to net revenue retention by each definition.
--
-- Per window and definition the contributions add up to the ratio less 1; the difference of two columns is the account's
-- part in the difference of the two definitions. Chained retention is the product of monthly steps r; it telescopes into
-- the sum of (r_k - 1) times the product of the steps before, and r_k - 1 is a sum over the accounts of that month.
--
-- Columns:
--   day        key   Day.
--   window     label Length of the window.
--   account_id key   Account.
--   cohort     fact  Contribution to the cohort definition; null where it is undefined.
--   chained    fact  Contribution to the chained definition; null where it is undefined.
--   movement   fact  Contribution to the movement definition; null where it is undefined.

select
    m.day as day, w.window as window, m.account_id as account_id,
    if(m.arr[w.months + 1] > 0, cs_float(m.arr[1] - m.arr[w.months + 1]), 0.) / nullIf(cs_float(w.opening), 0) as cohort,
    if(isNaN(w.chained), null, arraySum((later, earlier, factor, base) -> factor * if(earlier > 0, cs_float(later - earlier), 0.) / base,
        arraySlice(m.arr, 1, w.months), arraySlice(m.arr, 2, w.months), w.factors, w.bases)) as chained,
    if(m.first_paid_on <= m.points[w.months + 1], cs_float(m.arr[1] - m.reported[w.months + 1]), 0.) / nullIf(cs_float(w.reported), 0) as movement
from account_months as m
join nrr_weights as w on w.day = m.day
where cohort != 0 or chained != 0 or movement != 0
