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
--   day          key   Day.
--   segment      label Touch-model segment of the account at the start of the window.
--   window       label Length of the window.
--   ratio        gauge Gross revenue retention; 1 is nothing lost.
--   opening_arr  gauge ARR at the start of the window, in the reporting currency.
--   retained_arr gauge ARR at the day of those same accounts, each at most what it was, in the reporting currency.
--
-- Group: Revenue, 3
-- Every: 5m

select
    g.day as day, g.segment as segment, g.window as window,
    cs_ratio(w.retained, w.opening) as ratio,
    cs_float(w.opening) as opening_arr,
    cs_float(w.retained) as retained_arr
from segment_windows as g
left join (
    select day, segment, window, sum(a.opening) as opening, sum(least(a.opening, a.closing)) as retained
    from window_sums as a
    where a.opening > 0
    group by day, segment, window
) as w on w.day = g.day and w.segment = g.segment and w.window = g.window
