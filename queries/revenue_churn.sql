-- Revenue churn over trailing windows.
-- ja: 解約率(金額ベース)
--
-- ARR lost by leaving and by downsell, over the ARR of the start of the window; net takes expansion off. Gross is
-- 1 - GRR and net is 1 - NRR.
--
-- ja: 解約とダウンセルで失ったARRを期首のARRで割った値。ネットは拡大分を差し引く。グロスは1−GRR、ネットは1−NRRに等しい。
--
-- Columns:
--   segment        label Touch-model segment of the account at the start of the window.
--   window         label Length of the window: 1m, 3m, 12m.
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
    g.segment as segment, g.window as window,
    cs_ratio(sum(greatest(w.opening - w.closing, toDecimal128(0, 12))), sum(w.opening)) as gross_ratio,
    cs_ratio(sum(w.opening - w.closing), sum(w.opening)) as net_ratio,
    cs_float(sum(w.opening)) as opening_arr,
    cs_float(sumIf(w.opening, w.closing = 0)) as lost_arr,
    cs_float(sumIf(w.opening - w.closing, w.closing > 0 and w.closing < w.opening)) as contracted_arr,
    cs_float(sumIf(w.closing - w.opening, w.closing > w.opening)) as expanded_arr
from cs.segment_windows(as_of = {as_of:Date}) as g
left join cs.account_windows(as_of = {as_of:Date}) as w on w.segment = g.segment and w.window = g.window and w.opening > 0
group by g.segment, g.window
order by segment, window
