-- ARR lost over windows of days, against what the target of gross revenue retention allows.
-- ja: 解約・縮小の予算の消化
--
-- A target of 0.9 for grr.ratio allows to lose 10 % of the ARR in a year: that is the budget, and of it each window has its days'
-- share. Lost is what the accounts that paid at the start of the window pay less now; expansion does not make up for it. A burn of
-- 1 uses up the budget exactly in a year, a burn of 4 in a quarter of one.
--
-- ja: GRRの目標が0.9なら、1年に失ってよいのはARRの10%まで。これを予算とし、各期間にはその日数分を割り当てる。失ったARRは、期首に
-- ja: 契約のあった顧客の現在までの減少分で、拡大では埋め合わせない。消化の速さが1なら1年でちょうど、4なら3か月で予算を使い切る。
--
-- Columns:
--   day           key   Day.
--   segment       label Touch-model segment of the account at the start of the window.
--   window        label Length of the window: 7d, 28d, 91d, 364d.
--   burn_ratio    gauge Lost ARR over what the window's share of the year's budget allows; none without a target for the segment.
--   lost_arr      gauge ARR lost since the start of the window, in the reporting currency.
--   budget_arr    gauge ARR that may be lost in the window, in the reporting currency; 0 without a target.
--   opening_arr   gauge ARR at the start of the window, in the reporting currency.
--   accounts      gauge Accounts that paid at the start of the window.
--   lost_accounts gauge Those of them that pay less now, or nothing.
--
-- Group: Revenue, 4
-- Every: 15m
-- Stored: by day

select
    g.day as day, g.segment as segment, g.window as window,
    cs_ratio(d.lost_arr, d.budget_arr) as burn_ratio,
    cs_float(d.lost_arr) as lost_arr,
    cs_float(d.budget_arr) as budget_arr,
    cs_float(d.opening_arr) as opening_arr,
    d.accounts as accounts,
    d.lost_accounts as lost_accounts
from (select day, segment, arrayJoin(['7d', '28d', '91d', '364d']) as window from segments) as g
left join (
    select
        day, segment, window, sum(x.lost_arr) as lost_arr, sum(x.budget_arr) as budget_arr, sum(x.opening_arr) as opening_arr,
        count() as accounts, sum(x.lost_accounts) as lost_accounts
    from retention_budget_detail as x
    group by day, segment, window
) as d on d.day = g.day and d.segment = g.segment and d.window = g.window
