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
--   csm             label CSM; (none): nobody.
--   window          label Length of the window: 1m, 3m, 12m.
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
    csm, window,
    cs_ratio(won, won + lost) as win_ratio,
    cs_wilson_lower(won, won + lost) as win_ratio_lower,
    cs_wilson_upper(won, won + lost) as win_ratio_upper,
    won, lost, created,
    cs_float(won_sum) as won_amount,
    cs_float(created_sum) as created_amount
from (
    -- Every CSM with every window, so that what is zero is shown as zero.
    select
        d.csm as csm, g.window as window,
        sumIf(d.won, d.window = g.window) as won,
        sumIf(d.lost, d.window = g.window) as lost,
        sumIf(d.created, d.window = g.window) as created,
        sumIf(d.won_amount, d.window = g.window) as won_sum,
        sumIf(d.created_amount, d.window = g.window) as created_sum
    from cs.pipeline_quality_by_csm_detail(as_of = {as_of:Date}) as d
    cross join (select arrayJoin(['1m', '3m', '12m']) as window) as g
    group by d.csm, g.window
) as sums
order by csm, window
