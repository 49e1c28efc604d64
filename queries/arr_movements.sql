-- Movements of annual recurring revenue over trailing windows.
-- ja: ARRの増減(新規・拡大・縮小・解約・復活・為替)
--
-- Opening ARR as it was reported at the start of the window, plus all movements, is ARR at the day: per account and in total.
-- Each account has one movement a window, its ups and downs netted; currency is what a new fiscal year's rate changed.
--
-- ja: 期首に報告されたARRに全ての増減を足すと、基準日のARRになる(顧客ごとにも、全社でも)。増減は顧客ごとに期間内で相殺し、一つの区
-- ja: 分に入れる。為替は、会計年度の換算レートの変更による差。
--
-- Columns:
--   day      key   Day.
--   segment  label Touch-model segment at the start of the window; of accounts that did not pay then, at the day.
--   window   label Length of the window.
--   movement label new, expansion, contraction, churn, reactivation or currency.
--   amount   gauge Change of ARR, signed, in the reporting currency.
--   accounts gauge Accounts that moved so.
--
-- Group: Revenue, 7
-- Every: 5m

select
    g.day as day, g.segment as segment, g.window as window, g.movement as movement,
    cs_float(m.amount) as amount,
    m.accounts as accounts
from (
    select day, segment, window, arrayJoin(['new', 'expansion', 'contraction', 'churn', 'reactivation', 'currency']) as movement
    from segment_windows
) as g
left join (
    select day, segment, window, movement, sum(x.amount) as amount, sum(x.accounts) as accounts
    from (
        select day, segment, window, m.1 as movement, m.2 as amount, m.3 as accounts
        from window_sums as w
        array join [(w.movement, w.closing - w.opening, w.accounts), ('currency', w.opening - w.reported, w.revalued)] as m
    ) as x
    group by day, segment, window, movement
) as m on m.day = g.day and m.segment = g.segment and m.window = g.window and m.movement = g.movement
