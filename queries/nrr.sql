-- Net revenue retention over trailing windows.
-- ja: 売上継続率(NRR)
--
-- ARR at as_of of the accounts that paid at the start of the window, over what those accounts paid then. Accounts won
-- since are in neither sum; an account that left counts as zero. Both ends are at the exchange rate of as_of's fiscal year.
--
-- ja: 期首に契約のあった顧客の現在のARRを、その顧客の期首のARRで割った値。期中に獲得した新規顧客は分子にも分母にも入らず、解約した
-- ja: 顧客は0として数える。両時点とも基準日の会計年度のレートで換算する。
--
-- Columns:
--   segment     label Touch-model segment of the account at the start of the window.
--   window      label Length of the window: 1m, 3m, 12m.
--   ratio       gauge Net revenue retention; 1 is no change.
--   opening_arr gauge ARR at the start of the window, in the reporting currency.
--   closing_arr gauge ARR at as_of of those same accounts, in the reporting currency.
--   accounts    gauge Accounts that paid at the start of the window.
--
-- Group: Revenue, 2
-- Every: 5m

select
    g.segment as segment, g.window as window,
    cs_ratio(sum(w.closing), sum(w.opening)) as ratio,
    cs_float(sum(w.opening)) as opening_arr,
    cs_float(sum(w.closing)) as closing_arr,
    countIf(w.opening > 0) as accounts
from cs.segment_windows(as_of = {as_of:Date}) as g
left join cs.account_windows(as_of = {as_of:Date}) as w on w.segment = g.segment and w.window = g.window and w.opening > 0
group by g.segment, g.window
order by segment, window
