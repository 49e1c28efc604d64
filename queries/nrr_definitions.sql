-- Net revenue retention by three definitions in common use.
-- ja: NRRの定義別比較
--
-- cohort: the accounts of the start of the window, their ARR now over their ARR then (as in nrr). chained: the product of
-- the monthly cohort retentions. movement: opening plus all movements but new, over opening, both as reported, so that
-- reactivations and currency are in it. nrr_definition_bridge shows by account why two of them differ.
--
-- ja: よく使われる3つの定義によるNRR。コホート:期首の顧客の現在のARR÷期首のARR(このボードの標準)。連鎖:月次NRRの積。増減:(期首+新
-- ja: 規以外の全ての増減)÷期首で、復活と為替を含む。差の内訳はnrr_definition_bridgeで顧客別に分かる。
--
-- Columns:
--   day         key   Day.
--   window      label Length of the window.
--   definition  label cohort, chained, movement.
--   ratio       gauge Net revenue retention of the whole company by this definition.
--   opening_arr gauge ARR at the start of the window by this definition, in the reporting currency.
--   closing_arr gauge ARR that this definition counts at the day; for chained the opening times the ratio.
--
-- Group: Revenue, 17
-- Every: 15m
-- Stored: by day

select
    w.day as day, w.window as window, w.definition as definition,
    if(isNaN(w.company_ratio), null, w.company_ratio) as ratio,
    cs_float(d.opening_arr) as opening_arr,
    cs_float(d.closing_arr) as closing_arr
from (
    select day, window, x.1 as definition, x.2 as company_ratio
    from nrr_weights
    array join [('cohort', cohort), ('chained', toNullable(chained)), ('movement', movement)] as x
) as w
left join (
    select day, window, definition, sum(x.opening_arr) as opening_arr, sum(x.closing_arr) as closing_arr
    from nrr_definitions_detail as x
    group by day, window, definition
) as d on d.day = w.day and d.window = w.window and d.definition = w.definition
