-- Logo churn over trailing windows.
-- ja: 解約率(社数ベース)
--
-- Accounts that paid at the start of the window and do not at as_of, over those that paid at the start. Who joined and left
-- inside the window is in neither part. Bounds are the 95 % Wilson interval: few accounts, wide bounds.
--
-- ja: 期首に契約があり、基準日には契約がない顧客の割合(社数ベース)。期中に獲得し期中に解約した顧客は分子にも分母にも入らない。上限・
-- ja: 下限は95%信頼区間(Wilson)で、社数が少ないほど幅が広い。
--
-- Columns:
--   segment          label Touch-model segment of the account at the start of the window.
--   window           label Length of the window: 1m, 3m, 12m.
--   ratio            gauge Lost accounts over opening accounts.
--   ratio_lower      gauge Lower 95 % bound of the ratio.
--   ratio_upper      gauge Upper 95 % bound of the ratio.
--   opening_accounts gauge Accounts that paid at the start of the window.
--   lost_accounts    gauge Those of them that no longer pay at as_of.
--
-- Group: Revenue, 5
-- Every: 5m

select
    segment, window,
    cs_ratio(lost_accounts, opening_accounts) as ratio,
    cs_wilson_lower(lost_accounts, opening_accounts) as ratio_lower,
    cs_wilson_upper(lost_accounts, opening_accounts) as ratio_upper,
    opening_accounts, lost_accounts
from (
    select
        g.segment as segment, g.window as window,
        countIf(w.opening > 0) as opening_accounts,
        countIf(w.opening > 0 and w.closing = 0) as lost_accounts
    from cs.segment_windows(as_of = {as_of:Date}) as g
    left join cs.account_windows(as_of = {as_of:Date}) as w on w.segment = g.segment and w.window = g.window
    group by g.segment, g.window
) as counts
order by segment, window
