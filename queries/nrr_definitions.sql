-- Net revenue retention by three definitions in common use.
-- ja: NRRの定義別比較
--
-- cohort: the accounts of the start of the window, their ARR now over their ARR then (as in nrr). chained: the product of
-- the monthly cohort retentions. movement: opening plus all movements but new, over opening, both as reported, so that
-- reactivations and currency are in it. cs.nrr_definition_bridge tells by account why two of them differ.
--
-- ja: よく使われる3つの定義によるNRR。コホート:期首の顧客の現在のARR÷期首のARR(このボードの標準)。連鎖:月次NRRの積。増減:(期首+新
-- ja: 規以外の全ての増減)÷期首で、復活と為替を含む。差の内訳はcs.nrr_definition_bridgeで顧客別に分かる。
--
-- Columns:
--   window      label Length of the window: 1m, 3m, 12m.
--   definition  label cohort, chained, movement.
--   ratio       gauge Net revenue retention of the whole company by this definition.
--   opening_arr gauge ARR at the start of the window by this definition, in the reporting currency.
--   closing_arr gauge ARR that this definition counts at as_of; for chained the opening times the ratio.
--
-- Group: Revenue, 17
-- Every: 15m

select
    g.window as window,
    g.definition as definition,
    any(d.company_ratio) as ratio,
    cs_float(sum(d.opening_arr)) as opening_arr,
    cs_float(sum(d.closing_arr)) as closing_arr
from (
    select arrayJoin(cs_windows({as_of:Date}).1) as window, arrayJoin(['cohort', 'chained', 'movement']) as definition
) as g
left join cs.nrr_definitions_detail(as_of = {as_of:Date}) as d on d.window = g.window and d.definition = g.definition
group by g.window, g.definition
order by window, definition
