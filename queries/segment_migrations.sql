-- Accounts that changed their touch model over trailing windows.
-- ja: タッチモデル間の移動
--
-- Retention and churn count an account in the segment of the start of the window; this tells who has since moved.
--
-- ja: 解約率や継続率は期首のセグメントで数える。その後にタッチモデルが変わった顧客をここに示す。
--
-- Columns:
--   segment     label Touch-model segment at the start of the window.
--   to_segment  label Touch-model segment at as_of.
--   window      label Length of the window: 1m, 3m, 12m.
--   accounts    gauge Accounts that paid at both ends.
--   opening_arr gauge Their ARR at the start of the window, in the reporting currency.
--   closing_arr gauge Their ARR at as_of, in the reporting currency.
--
-- Group: Revenue, 16
-- Every: 15m

select
    g.segment as segment, g.to_segment as to_segment, g.window as window,
    sum(d.accounts) as accounts,
    cs_float(sum(d.opening_arr)) as opening_arr,
    cs_float(sum(d.closing_arr)) as closing_arr
from (
    select segment, window, arrayJoin(['high', 'low', 'tech']) as to_segment
    from cs.segment_windows(as_of = {as_of:Date})
) as g
left join cs.segment_migrations_detail(as_of = {as_of:Date}) as d
    on d.segment = g.segment and d.to_segment = g.to_segment and d.window = g.window
where g.segment != g.to_segment
group by g.segment, g.to_segment, g.window
order by segment, to_segment, window
