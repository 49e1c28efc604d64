-- Bridge from opening to closing annual recurring revenue.
-- ja: ARRブリッジ(期首から期末まで)
--
-- What remains when the movements are added to the ARR of the start of the window, which is computed afresh as of that
-- day, and the ARR of as_of is taken away. It must be zero: anything else is a fault of the definitions, or the policy
-- changed in between, and worth an alert.
--
-- ja: 期首のARR(その日の定義で計算し直したもの)に増減を足し、基準日のARRを引いた残り。必ず0になる。0でなければ定義の誤りか、期中の
-- ja: 方針変更がある。
--
-- Columns:
--   window   label Length of the window: 1m, 3m, 12m.
--   opening  gauge ARR at the start of the window, computed afresh as of that day, in the reporting currency.
--   closing  gauge ARR at as_of, in the reporting currency.
--   residual gauge Opening plus all movements less closing, in the reporting currency; must be 0.
--
-- Group: Revenue, 8
-- Every: 5m

select
    g.window as window,
    cs_float(sum(d.opening)) as opening,
    cs_float(sum(d.closing)) as closing,
    cs_float(sum(d.residual)) as residual
from (select arrayJoin(cs_windows({as_of:Date}).1) as window) as g
left join cs.arr_bridge_detail(as_of = {as_of:Date}) as d on d.window = g.window
group by g.window
order by window
