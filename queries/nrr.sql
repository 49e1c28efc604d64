-- Net revenue retention over trailing windows.
-- ja: 売上継続率(NRR)
--
-- ARR at the day of the accounts that paid at the start of the window, over what those accounts paid then. Accounts won
-- since are in neither sum; an account that left counts as zero. Both ends are at the exchange rate of the day's fiscal year.
--
-- ja: 期首に契約のあった顧客の現在のARRを、その顧客の期首のARRで割った値。期中に獲得した新規顧客は分子にも分母にも入らず、解約した
-- ja: 顧客は0として数える。両時点とも基準日の会計年度のレートで換算する。
--
-- Columns:
--   day         key   Day.
--   segment     label Touch-model segment of the account at the start of the window.
--   window      label Length of the window.
--   ratio       gauge Net revenue retention; 1 is no change.
--   opening_arr gauge ARR at the start of the window, in the reporting currency.
--   closing_arr gauge ARR at the day of those same accounts, in the reporting currency.
--   accounts    gauge Accounts that paid at the start of the window.
--
-- Group: Revenue, 2
-- Every: 5m

select
    day, segment, window,
    cs_ratio(sum(closing), sum(opening)) as ratio,
    cs_float(sum(opening)) as opening_arr,
    cs_float(sum(closing)) as closing_arr,
    sum(w.accounts) as accounts
from (
    select day, segment, window, opening, closing, accounts
    from window_sums
    where opening > 0
    union all
    select day, segment, window, toDecimal128(0, 12) as opening, toDecimal128(0, 12) as closing, toUInt64(0) as accounts
    from segment_windows
) as w
group by day, segment, window
