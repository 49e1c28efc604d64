-- What became of the accounts of each health band.
-- ja: ヘルス帯別の実績
--
-- Of the accounts in a band 90 and 180 days before as_of, how many churned or downsold since. A band that tells the truth loses
-- more the redder it is.
--
-- ja: 90日前・180日前に各帯にいた顧客のうち、その後に解約またはダウンセルした割合。帯が正しければ、レッドに近いほど失う割合が高い。
--
-- Columns:
--   horizon       label Days before as_of: 90d, 180d.
--   band          label Health band then: red, yellow, green, unknown.
--   ratio         gauge Lost accounts over accounts.
--   ratio_lower   gauge Lower 95 % bound of the ratio.
--   ratio_upper   gauge Upper 95 % bound of the ratio.
--   accounts      gauge Accounts with a score that were in the band.
--   lost_accounts gauge Those of them that churned or downsold by as_of.
--
-- Group: Customers, 22
-- Every: 6h
-- Timeout: 5m

select
    horizon, band,
    cs_ratio(lost_accounts, accounts) as ratio,
    cs_wilson_lower(lost_accounts, accounts) as ratio_lower,
    cs_wilson_upper(lost_accounts, accounts) as ratio_upper,
    accounts, lost_accounts
from (
    select g.horizon as horizon, g.band as band, sum(d.accounts) as accounts, sum(d.lost_accounts) as lost_accounts
    from (select arrayJoin(['90d', '180d']) as horizon, arrayJoin(['red', 'yellow', 'green', 'unknown']) as band) as g
    left join cs.health_backtest_bands_detail(as_of = {as_of:Date}) as d on d.horizon = g.horizon and d.band = g.band
    group by g.horizon, g.band
) as counts
order by horizon, band
