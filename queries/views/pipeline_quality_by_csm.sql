-- Quality of the pipeline that each CSM generated, over trailing windows.
-- ja: CSM別パイプラインの質(受注率)
--
-- As pipeline_quality, by who created the opportunity; where it does not say, by the owner of the account on that day. What
-- was won beside what was created shows pipeline that is there for form's sake.
--
-- ja: 商談を創出したCSM別の受注率。創出者の記載がなければ、その日の顧客担当者とする。創出額と受注額を並べると、形式だけの商談化が
-- ja: 分かる。
--
-- Columns:
--   day             key   Day.
--   csm             label CSM; (none): nobody.
--   window          label Length of the window.
--   win_ratio       gauge Won over won and lost, of those decided in the window.
--   win_ratio_lower gauge Lower 95 % bound of the win ratio.
--   win_ratio_upper gauge Upper 95 % bound of the win ratio.
--   won             gauge Won in the window.
--   lost            gauge Lost in the window.
--   created         gauge Created in the window.
--   won_amount      gauge Annual amount of those won in the window, in the reporting currency.
--   created_amount  gauge Annual amount at creation of those created in the window, in the reporting currency.
--
-- Group: Growth and voice, 4
-- Every: 15m

select
    day, csm, window,
    cs_ratio(won_sum, won_sum + lost_sum) as win_ratio,
    cs_wilson_lower(won_sum, won_sum + lost_sum) as win_ratio_lower,
    cs_wilson_upper(won_sum, won_sum + lost_sum) as win_ratio_upper,
    won_sum as won, lost_sum as lost, created_sum as created,
    cs_float(won_amount_sum) as won_amount,
    cs_float(created_amount_sum) as created_amount
from (
    select
        day, csm, window,
        sum(d.won) as won_sum, sum(d.lost) as lost_sum, sum(d.created) as created_sum,
        sum(d.won_amount) as won_amount_sum, sum(d.created_amount) as created_amount_sum
    from (
        select day, csm, window, won, lost, created, won_amount, created_amount from pipeline_quality_by_csm_detail
        union all
        -- Every CSM with every window, so that what is zero is shown as zero.
        select
            c.day as day, c.csm as csm, w.window as window, 0 as won, 0 as lost, 0 as created,
            toDecimal128(0, 12) as won_amount, toDecimal128(0, 12) as created_amount
        from (select day, csm from pipeline_quality_by_csm_detail where window = '12m' group by day, csm) as c
        join windows as w on w.day = c.day
    ) as d
    group by day, csm, window
) as sums
