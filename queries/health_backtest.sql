-- How well the health score ranked the accounts that then left or shrank.
-- ja: ヘルススコアの検証
--
-- Of the accounts with a score 90 and 180 days before the day, how well it ranked those that then churned or downsold. AUC is the
-- chance that a lost account had a lower score than a kept one, ties counting half: 0.5 is a coin, 1 is perfect, below 0.5 is
-- upside down. Its bounds are Hanley and McNeil's (1982). Lift is how many times more often than all the tenth with the lowest
-- scores was lost; accounts that tie at its edge count by their share. Each day's score stands on what was dated by then.
--
-- ja: 90日前・180日前にスコアがあった顧客のうち、その後に解約またはダウンセルした顧客を、スコアがどれだけ見分けていたか。AUCは、失
-- ja: った顧客のスコアが、残った顧客より低い確率:0.5は当て推量と同じ、1は完全、0.5未満は逆。リフトは、スコアの低い1割の顧客が、全
-- ja: 体の何倍失われたか。当時のスコアは、当時の情報だけで計算する。
--
-- Columns:
--   day               key   Day.
--   horizon           label Days before the day: 90d, 180d.
--   auc               gauge Area under the ROC curve, 0 to 1; none unless some were lost and some kept.
--   auc_lower         gauge Lower 95 % bound of the AUC.
--   auc_upper         gauge Upper 95 % bound of the AUC.
--   worst_decile_lift gauge Share lost of the tenth with the lowest scores over the share lost of all.
--   accounts          gauge Accounts with a score then.
--   lost_accounts     gauge Those of them that churned or downsold by the day.
--   lost_ratio        gauge Lost accounts over accounts.
--
-- Group: Customers, 21
-- Every: 6h

select
    day, horizon, auc,
    -- greatest and least skip what is null.
    if(auc is null, null, greatest(0, auc - 1.959963984540054 * error)) as auc_lower,
    if(auc is null, null, least(1, auc + 1.959963984540054 * error)) as auc_upper,
    worst_lost / nullIf(worst, 0) * n / nullIf(lost, 0) as worst_decile_lift,
    toUInt64(n) as accounts, toUInt64(lost) as lost_accounts,
    cs_ratio(lost, n) as lost_ratio
from (
    select
        g.day as day, g.horizon as horizon, toFloat64(c.accounts) as n, toFloat64(c.lost) as lost, c.worst as worst, c.worst_lost as worst_lost,
        c.wins / nullIf(lost * (n - lost), 0) as auc,
        sqrt(greatest(0, auc * (1 - auc) + (lost - 1) * (auc / (2 - auc) - auc * auc) + (n - lost - 1) * (2 * auc * auc / (1 + auc) - auc * auc))
            / nullIf(lost * (n - lost), 0)) as error
    from (select day, arrayJoin(['90d', '180d']) as horizon from policy_days) as g
    left join backtest_days as c on c.day = g.day and c.horizon = g.horizon
) as counts
