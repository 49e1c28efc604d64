-- Net revenue retention by three definitions in common use.
-- ja: NRRの定義別比較
--
-- cohort: the accounts of the start of the window, their ARR now over their ARR then (as in nrr). chained: the product of
-- the monthly cohort retentions. movement: opening plus all movements but new, over opening, both as reported, so that
-- reactivations and currency are in it. cs.nrr_definition_bridge tells by account why two of them differ.
--
-- Columns:
--   window      label Length of the window: 1m, 3m, 12m.
--   definition  label cohort, chained, movement.
--   ratio       gauge Net revenue retention of the whole company by this definition.
--   opening_arr gauge ARR at the start of the window by this definition, in the reporting currency.
--   closing_arr gauge ARR that this definition counts at as_of; for chained the opening times the ratio.
--
-- Every: 15m

select
    w.1 as window,
    d.1 as definition,
    d.2 as ratio,
    d.3 as opening_arr,
    d.4 as closing_arr
from cs.nrr_months(as_of = {as_of:Date})
array join [('1m', 1), ('3m', 3), ('12m', 12)] as w
array join [if(isNaN(arrayProduct(arraySlice(steps, 1, w.2))), null, arrayProduct(arraySlice(steps, 1, w.2)))] as chained
array join [
    ('cohort', cs_ratio(kept[w.2], totals[w.2 + 1]), cs_float(totals[w.2 + 1]), cs_float(kept[w.2])),
    ('chained', chained, cs_float(totals[w.2 + 1]), cs_float(totals[w.2 + 1]) * chained),
    ('movement', cs_ratio(kept_not_new[w.2], reported[w.2 + 1]), cs_float(reported[w.2 + 1]), cs_float(kept_not_new[w.2]))
] as d
order by window, definition
