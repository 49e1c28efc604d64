-- How well the health score ranked the accounts that then left or shrank.
-- ja: ヘルススコアの検証
--
-- Of the accounts with a score 90 and 180 days before as_of, how well it ranked those that then churned or downsold. AUC is the
-- chance that a lost account had a lower score than a kept one, ties counting half: 0.5 is a coin, 1 is perfect, below 0.5 is
-- upside down. Its bounds are Hanley and McNeil's (1982). Lift is how many times more often than all the tenth with the lowest
-- scores was lost; accounts that tie at its edge count by their share. Each day's score stands on what was dated by then.
--
-- ja: 90日前・180日前にスコアがあった顧客のうち、その後に解約またはダウンセルした顧客を、スコアがどれだけ見分けていたか。AUCは、失
-- ja: った顧客のスコアが、残った顧客より低い確率:0.5は当て推量と同じ、1は完全、0.5未満は逆。リフトは、スコアの低い1割の顧客が、全
-- ja: 体の何倍失われたか。当時のスコアは、当時の情報だけで計算する。
--
-- Columns:
--   horizon           label Days before as_of: 90d, 180d.
--   auc               gauge Area under the ROC curve, 0 to 1; none unless some were lost and some kept.
--   auc_lower         gauge Lower 95 % bound of the AUC.
--   auc_upper         gauge Upper 95 % bound of the AUC.
--   worst_decile_lift gauge Share lost of the tenth with the lowest scores over the share lost of all.
--   accounts          gauge Accounts with a score then.
--   lost_accounts     gauge Those of them that churned or downsold by as_of.
--   lost_ratio        gauge Lost accounts over accounts.
--
-- Group: Customers, 21
-- Every: 6h
-- Timeout: 5m

select
    g.horizon as horizon, c.auc as auc,
    -- greatest and least skip what is null.
    if(c.auc is null, null, greatest(0, c.auc - 1.959963984540054 * c.error)) as auc_lower,
    if(c.auc is null, null, least(1, c.auc + 1.959963984540054 * c.error)) as auc_upper,
    c.worst_lost / nullIf(c.worst, 0) * c.n / nullIf(c.lost, 0) as worst_decile_lift,
    toUInt64(c.n) as accounts, toUInt64(c.lost) as lost_accounts,
    cs_ratio(c.lost, c.n) as lost_ratio
from (select arrayJoin(['90d', '180d']) as horizon) as g
left join (
    select
        horizon, n, lost, worst, worst_lost,
        wins / nullIf(lost * (n - lost), 0) as auc,
        sqrt(greatest(0, auc * (1 - auc) + (lost - 1) * (auc / (2 - auc) - auc * auc) + (n - lost - 1) * (2 * auc * auc / (1 + auc) - auc * auc))
            / nullIf(lost * (n - lost), 0)) as error
    from (
        -- Each lost account wins over the kept ones that score higher, and half over those that score the same.
        select
            horizon,
            toFloat64(sum(here)) as n, toFloat64(sum(lost_here)) as lost,
            sum(lost_here * (kept_above + (here - lost_here) / 2)) as wins,
            ceil(any(n_all) / 10) as worst,
            sum(least(here, greatest(0, ceil(n_all / 10) - n_below)) * lost_here / here) as worst_lost
        from (
            select
                horizon, here, lost_here,
                sum(here) over (partition by horizon) as n_all,
                sum(here) over (partition by horizon order by level rows between unbounded preceding and current row) - here as n_below,
                sum(here - lost_here) over (partition by horizon order by level desc rows between unbounded preceding and current row) - (here - lost_here) as kept_above
            from (
                -- To nine digits, so that equal scores are equal.
                select horizon, round(d.score, 9) as level, toFloat64(sum(d.accounts)) as here, toFloat64(sum(d.lost_accounts)) as lost_here
                from cs.health_backtest_detail(as_of = {as_of:Date}) as d
                group by horizon, level
            ) as scores
        ) as ranked
        group by horizon
    ) as counts
) as c on c.horizon = g.horizon
order by horizon
