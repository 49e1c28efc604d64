-- Gross revenue retention over trailing windows.
-- ja: 総売上維持率(GRR)
--
-- What is left of the ARR of the start of the window, over that ARR; expansion does not make up for losses, so it is never
-- above 1. The lesser of then and now is taken per account.
--
-- ja: 期首のARRのうち、いま残っている割合。顧客ごとに期首と現在の小さい方を取るため、拡大で損失が埋め合わされることはなく、100%を
-- ja: 超えない。
--
-- Columns:
--   segment      label Touch-model segment of the account at the start of the window.
--   window       label Length of the window: 1m, 3m, 12m.
--   ratio        gauge Gross revenue retention; 1 is nothing lost.
--   opening_arr  gauge ARR at the start of the window, in the reporting currency.
--   retained_arr gauge ARR at as_of of those same accounts, each at most what it was, in the reporting currency.
--
-- Group: Revenue, 3
-- Every: 5m

select
    g.segment as segment, g.window as window,
    cs_ratio(sum(least(w.opening, w.closing)), sum(w.opening)) as ratio,
    cs_float(sum(w.opening)) as opening_arr,
    cs_float(sum(least(w.opening, w.closing))) as retained_arr
from cs.segment_windows(as_of = {as_of:Date}) as g
left join cs.account_windows(as_of = {as_of:Date}) as w on w.segment = g.segment and w.window = g.window and w.opening > 0
group by g.segment, g.window
order by segment, window
