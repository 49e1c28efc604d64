-- What became of the accounts of each health band.
-- ja: ヘルス帯別の実績
--
-- Of the accounts in a band 90 and 180 days before the day, how many churned or downsold since. A band that predicts well loses
-- more the redder it is.
--
-- ja: 90日前・180日前に各帯にいた顧客のうち、その後に解約またはダウンセルした割合。帯が正しければ、レッドに近いほど失う割合が高い。
--
-- Columns:
--   day           key   Day.
--   horizon       label Days before the day: 90d, 180d.
--   band          label Health band then: red, yellow, green, unknown.
--   ratio         gauge Lost accounts over accounts.
--   ratio_lower   gauge Lower 95 % bound of the ratio.
--   ratio_upper   gauge Upper 95 % bound of the ratio.
--   accounts      gauge Accounts with a score that were in the band.
--   lost_accounts gauge Those of them that churned or downsold by the day.
--
-- Group: Customers, 22
-- Every: 6h

select
    day, horizon, band,
    cs_ratio(lost_there, there) as ratio,
    cs_wilson_lower(lost_there, there) as ratio_lower,
    cs_wilson_upper(lost_there, there) as ratio_upper,
    there as accounts, lost_there as lost_accounts
from (
    select g.day as day, g.horizon as horizon, g.band as band, c.bands[g.band].1 as there, c.bands[g.band].2 as lost_there
    from (select day, arrayJoin(['90d', '180d']) as horizon, arrayJoin(['red', 'yellow', 'green', 'unknown']) as band from policy_days) as g
    left join backtest_days as c on c.day = g.day and c.horizon = g.horizon
) as counts
