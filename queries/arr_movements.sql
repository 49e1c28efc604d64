-- Movements of annual recurring revenue over trailing windows.
-- ja: ARRの増減(新規・拡大・縮小・解約・復活・為替)
--
-- Opening ARR as it was reported at the start of the window, plus all movements, is ARR at as_of: per account and in total.
-- Each account has one movement a window, its ups and downs netted; currency is what a new fiscal year's rate changed.
--
-- ja: 期首に報告されたARRに全ての増減を足すと、基準日のARRになる(顧客ごとにも、全社でも)。増減は顧客ごとに期間内で相殺し、一つの区
-- ja: 分に入れる。為替は、会計年度の換算レートの変更による差。
--
-- Columns:
--   segment  label Touch-model segment at the start of the window; of accounts that did not pay then, at as_of.
--   window   label Length of the window: 1m, 3m, 12m.
--   movement label new, expansion, contraction, churn, reactivation or currency.
--   amount   gauge Change of ARR, signed, in the reporting currency.
--   accounts gauge Accounts that moved so.
--
-- Group: Revenue, 7
-- Every: 5m

select
    g.segment as segment, g.window as window, g.movement as movement,
    cs_float(sum(d.amount)) as amount,
    sum(d.accounts) as accounts
from cs.window_movements(as_of = {as_of:Date}) as g
left join cs.account_movements(as_of = {as_of:Date}) as d on d.segment = g.segment and d.window = g.window and d.movement = g.movement
group by g.segment, g.window, g.movement
order by segment, window, movement
