-- Revenue churn over trailing windows.
-- ja: 解約率(金額ベース)
--
-- ARR lost by leaving and by downsell, over the ARR of the start of the window; net takes expansion off. Gross is
-- 1 - GRR and net is 1 - NRR.
--
-- ja: 解約とダウンセルで失ったARRを期首のARRで割った値。ネットは拡大分を差し引く。グロスは1−GRR、ネットは1−NRRに等しい。
--
-- Columns:
--   day            key   Day.
--   segment        label Touch-model segment of the account at the start of the window.
--   window         label Length of the window.
--   gross_ratio    gauge Lost and downsold ARR over opening ARR.
--   net_ratio      gauge The same less expansion; negative where expansion outweighs.
--   opening_arr    gauge ARR at the start of the window, in the reporting currency.
--   lost_arr       gauge ARR of the accounts that left, in the reporting currency.
--   contracted_arr gauge ARR downsold by accounts that stayed, in the reporting currency.
--   expanded_arr   gauge ARR added by accounts that stayed, in the reporting currency.
--
-- Group: Revenue, 6
-- Every: 5m

select
    g.day as day, g.segment as segment, g.window as window,
    cs_ratio(w.shrunk, w.opening) as gross_ratio,
    cs_ratio(w.opening - w.closing, w.opening) as net_ratio,
    cs_float(w.opening) as opening_arr,
    cs_float(w.lost) as lost_arr,
    cs_float(w.shrunk - w.lost) as contracted_arr,
    cs_float(w.expanded) as expanded_arr
from segment_windows as g
left join (
    select
        day, segment, window,
        sum(a.opening) as opening, sum(a.closing) as closing,
        sum(greatest(a.opening - a.closing, toDecimal128(0, 12))) as shrunk,
        sum(greatest(a.closing - a.opening, toDecimal128(0, 12))) as expanded,
        sumIf(a.opening, a.closing = 0) as lost
    from window_sums as a
    where a.opening > 0
    group by day, segment, window
) as w on w.day = g.day and w.segment = g.segment and w.window = g.window
