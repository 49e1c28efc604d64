-- Logo churn over trailing windows.
-- ja: 解約率(社数ベース)
--
-- Accounts that paid at the start of the window and do not at the day, over those that paid at the start. Who joined and left
-- inside the window is in neither part. Bounds are the 95 % Wilson interval: few accounts, wide bounds.
--
-- ja: 期首に契約があり、基準日には契約がない顧客の割合(社数ベース)。期中に獲得し期中に解約した顧客は分子にも分母にも入らない。上限・
-- ja: 下限は95%信頼区間(Wilson)で、社数が少ないほど幅が広い。
--
-- Columns:
--   day              key   Day.
--   segment          label Touch-model segment of the account at the start of the window.
--   window           label Length of the window.
--   ratio            gauge Lost accounts over opening accounts.
--   ratio_lower      gauge Lower 95 % bound of the ratio.
--   ratio_upper      gauge Upper 95 % bound of the ratio.
--   opening_accounts gauge Accounts that paid at the start of the window.
--   lost_accounts    gauge Those of them that no longer pay at the day.
--
-- Group: Revenue, 5
-- Every: 5m

select
    g.day as day, g.segment as segment, g.window as window,
    cs_ratio(w.lost_accounts, w.opening_accounts) as ratio,
    cs_wilson_lower(w.lost_accounts, w.opening_accounts) as ratio_lower,
    cs_wilson_upper(w.lost_accounts, w.opening_accounts) as ratio_upper,
    w.opening_accounts as opening_accounts, w.lost_accounts as lost_accounts
from segment_windows as g
left join (
    select day, segment, window, sum(a.accounts) as opening_accounts, sumIf(a.accounts, a.closing = 0) as lost_accounts
    from window_sums as a
    where a.opening > 0
    group by day, segment, window
) as w on w.day = g.day and w.segment = g.segment and w.window = g.window
