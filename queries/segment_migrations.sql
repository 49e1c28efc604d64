-- Accounts that changed their touch model over trailing windows.
-- ja: タッチモデル間の移動
--
-- Retention and churn count an account in the segment of the start of the window; this shows who has since moved.
--
-- ja: 解約率や継続率は期首のセグメントで数える。その後にタッチモデルが変わった顧客をここに示す。
--
-- Columns:
--   day         key   Day.
--   segment     label Touch-model segment at the start of the window.
--   to_segment  label Touch-model segment at the day.
--   window      label Length of the window.
--   accounts    gauge Accounts that paid at both ends.
--   opening_arr gauge Their ARR at the start of the window, in the reporting currency.
--   closing_arr gauge Their ARR at the day, in the reporting currency.
--
-- Group: Revenue, 16
-- Every: 15m

select
    g.day as day, g.segment as segment, g.to_segment as to_segment, g.window as window,
    d.accounts as accounts,
    cs_float(d.opening_arr) as opening_arr,
    cs_float(d.closing_arr) as closing_arr
from (
    select day, segment, window, arrayJoin(arrayFilter(s -> s != segment, ['high', 'low', 'tech'])) as to_segment
    from segment_windows
) as g
left join (
    select day, segment, to_segment, window, sum(m.accounts) as accounts, sum(m.opening) as opening_arr, sum(m.closing) as closing_arr
    from window_sums as m
    where m.opening > 0 and m.closing > 0 and to_segment != segment
    group by day, segment, to_segment, window
) as d on d.day = g.day and d.segment = g.segment and d.to_segment = g.to_segment and d.window = g.window
