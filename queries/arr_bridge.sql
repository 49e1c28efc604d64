-- Bridge from opening to closing annual recurring revenue.
-- ja: ARRブリッジ(期首から期末まで)
--
-- What remains when the movements are added to the ARR of the start of the window, which is computed afresh as of that
-- day, and the ARR of the day is taken away. It must be zero: anything else is a fault of the definitions, or the policy
-- changed in between, and worth an alert.
--
-- ja: 期首のARR(その日の定義で計算し直したもの)に増減を足し、基準日のARRを引いた残り。必ず0になる。0でなければ定義の誤りか、期中の
-- ja: 方針変更がある。
--
-- Columns:
--   day      key   Day.
--   window   label Length of the window.
--   opening  gauge ARR at the start of the window, computed afresh as of that day, in the reporting currency.
--   closing  gauge ARR at the day, in the reporting currency.
--   residual gauge Opening plus all movements less closing, in the reporting currency; must be 0.
--
-- Group: Revenue, 8
-- Every: 5m

select
    w.day as day, w.window as window,
    cs_float(d.opening) as opening,
    cs_float(d.closing) as closing,
    cs_float(d.residual) as residual
from windows as w
left join (
    -- As in arr_bridge_detail.
    select day, window, sum(b.opening) as opening, sum(b.closing) as closing, opening + sum(b.moved) - closing as residual
    from (
        select day, window, w.reported as opening, w.closing as closing, (w.closing - w.opening) + (w.opening - w.reported) as moved
        from window_sums as w
        union all
        select day, window, r.residual as opening, toDecimal128(0, 12) as closing, toDecimal128(0, 12) as moved
        from arr_residuals as r
    ) as b
    group by day, window
) as d on d.day = w.day and d.window = w.window
