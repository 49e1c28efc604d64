-- Bridge from opening to closing annual recurring revenue.
-- ja: ARRブリッジ(期首から期末まで)
--
-- What remains when the movements are added to the ARR reported at the start of the window and the ARR of as_of is taken
-- away. It must be zero; anything else is a fault of the definitions and worth an alert.
--
-- Columns:
--   window   label Length of the window: 1m, 3m, 12m.
--   opening  gauge ARR at the start of the window, computed afresh as of that day, in the reporting currency.
--   closing  gauge ARR at as_of, computed on its own, in the reporting currency.
--   residual gauge Opening plus all movements less closing; must be 0.
--
-- Every: 5m

with
openings as (
    select '1m' as window, sum(amount) as amount from cs.arr_detail(as_of = {as_of:Date} - interval 1 month)
    union all
    select '3m' as window, sum(amount) as amount from cs.arr_detail(as_of = {as_of:Date} - interval 3 month)
    union all
    select '12m' as window, sum(amount) as amount from cs.arr_detail(as_of = {as_of:Date} - interval 12 month)
),

movements as (
    select window, sum(amount) as amount from cs.arr_movements_detail(as_of = {as_of:Date}) group by window
)

select
    o.window as window,
    cs_float(o.amount) as opening,
    cs_float(c.amount) as closing,
    cs_float(o.amount + m.amount - c.amount) as residual
from openings as o
left join movements as m on m.window = o.window
cross join (select sum(amount) as amount from cs.arr_detail(as_of = {as_of:Date})) as c
order by window
