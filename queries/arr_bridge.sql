-- Bridge from opening to closing annual recurring revenue.
-- ja: ARRブリッジ(期首から期末まで)
--
-- The ARR of the start of the window, computed afresh as of that day, plus all movements is the ARR of the day. Two things stand
-- between them: settings that changed inside the window (grace_days, the fiscal year, the currency), since movements go by the settings of
-- the day, and accounts without an exchange rate on one of the days. What remains is a fault of the facts or of cskpi, and worth an alert.
--
-- ja: 期首のARR(その日の定義で計算し直したもの)に増減を足すと基準日のARRになる。その差になり得るのは、期中の設定変更(grace_days、会計
-- ja: 年度、通貨)と、どちらかの日に為替レートのない顧客だけで、それぞれの額を示す。残りは必ず0になり、0でなければ事実かcskpiの誤りである。
--
-- Columns:
--   day           key   Day.
--   window        label Length of the window.
--   opening       gauge ARR at the start of the window, computed afresh as of that day, in the reporting currency.
--   closing       gauge ARR at the day, in the reporting currency.
--   policy_change gauge Part of the opening that is due to settings that have changed since, in the reporting currency.
--   unvalued      gauge Part of the opening of accounts that have no exchange rate on one of the days, in the reporting currency.
--   residual      gauge Opening plus all movements less policy_change, unvalued and closing, in the reporting currency; must be 0.
--
-- Group: Revenue, 8
-- Every: 5m

select
    w.day as day, w.window as window,
    cs_float(d.opening) as opening,
    cs_float(d.closing) as closing,
    cs_float(d.policy_change) as policy_change,
    cs_float(d.unvalued) as unvalued,
    cs_float(d.residual) as residual
from windows as w
left join (
    -- As in arr_bridge_detail.
    select day, window, sum(b.opening) as opening, sum(b.closing) as closing, sum(b.policy_change) as policy_change, sum(b.unvalued) as unvalued,
        opening + sum(b.moved) - policy_change - unvalued - closing as residual
    from (
        select day, window, w.reported as opening, w.closing as closing, (w.closing - w.opening) + (w.opening - w.reported) as moved, toDecimal128(0, 12) as policy_change, toDecimal128(0, 12) as unvalued
        from window_sums as w
        union all
        select day, window, r.residual + r.policy_change + r.unvalued as opening, toDecimal128(0, 12) as closing, toDecimal128(0, 12) as moved, r.policy_change as policy_change, r.unvalued as unvalued
        from arr_residuals as r
    ) as b
    group by day, window
) as d on d.day = w.day and d.window = w.window
