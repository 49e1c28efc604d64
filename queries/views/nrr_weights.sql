-- Net revenue retention of the whole company by its definitions, and what a change in each month weighs in the chained one.
--
-- A month in which nobody paid breaks the chain. The product telescopes: a month's ratio less 1, which is a sum over its
-- accounts, times the ratios of the months before it.
--
-- Columns:
--   day      key   Day.
--   window   label Length of the window: 1m, 3m, 12m.
--   months   fact  Its months.
--   cohort   fact  Retention by cohort; null: undefined.
--   chained  fact  Retention chained by months; NaN: undefined.
--   movement fact  Retention by movements; null: undefined.
--   opening  fact  ARR at the start.
--   reported fact  The same as it was reported then.
--   factors  fact  For each month, the later first: the retention of the months after it, Array(Float64).
--   bases    fact  For each month, the ARR at its start: a change in it weighs factor / base in the chained retention less 1, Array(Float64).

select
    m.day as day, w.1 as window, w.2 as months,
    cs_ratio(m.kept[months], m.totals[months + 1]) as cohort,
    arrayProduct(arraySlice(m.steps, 1, months)) as chained,
    cs_ratio(m.kept_not_new[months], m.reported[months + 1]) as movement,
    m.totals[months + 1] as opening, m.reported[months + 1] as reported,
    arrayMap(k -> arrayProduct(arrayPushBack(arraySlice(m.steps, k + 1, months - k), 1.)), range(1, months + 1)) as factors,
    arrayMap(x -> cs_float(x), arraySlice(m.totals, 2, months)) as bases
from nrr_months as m
array join [('1m', 1), ('3m', 3), ('12m', 12)] as w
