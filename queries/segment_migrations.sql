-- Accounts that changed their touch model over trailing windows.
-- ja: タッチモデル間の移動
--
-- Retention and churn count an account in the segment of the start of the window; this tells who has since moved.
--
-- Columns:
--   segment     label Touch-model segment at the start of the window.
--   to_segment  label Touch-model segment at as_of.
--   window      label Length of the window: 1m, 3m, 12m.
--   accounts    gauge Accounts that paid at both ends.
--   opening_arr gauge Their ARR at the start of the window, in the reporting currency.
--   closing_arr gauge Their ARR at as_of, in the reporting currency.
--
-- Every: 15m

select
    g.segment as segment, g.to_segment as to_segment, g.window as window,
    countIf(w.opening > 0) as accounts,
    cs_float(sum(w.opening)) as opening_arr,
    cs_float(sum(w.closing)) as closing_arr
from (
    select segment, window, arrayJoin(['high', 'low', 'tech']) as to_segment
    from cs.segment_windows(as_of = {as_of:Date})
) as g
left join cs.account_windows(as_of = {as_of:Date}) as w
    on w.segment = g.segment and w.to_segment = g.to_segment and w.window = g.window and w.opening > 0
where g.segment != g.to_segment
group by g.segment, g.to_segment, g.window
order by segment, to_segment, window
