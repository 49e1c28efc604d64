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
-- Stored: by day

select
    day, csm, window,
    cs_ratio(sums.1, sums.1 + sums.2) as win_ratio,
    cs_wilson_lower(sums.1, sums.1 + sums.2) as win_ratio_lower,
    cs_wilson_upper(sums.1, sums.1 + sums.2) as win_ratio_upper,
    sums.1 as won, sums.2 as lost, sums.3 as created,
    cs_float(sums.4) as won_amount,
    cs_float(sums.5) as created_amount
from (
    select c.day as day, c.csm as csm, w.window as window, arrayFirst(x -> x.1 = w.window, c.known).2 as sums
    from (
        select day, csm, groupArray((window, sums)) as known
        from (
            select day, csm, window, (sum(d.won), sum(d.lost), sum(d.created), sum(d.won_amount), sum(d.created_amount)) as sums
            from pipeline_quality_by_csm_detail as d
            group by day, csm, window
        ) as by_window
        group by day, csm
        having has(arrayMap(x -> x.1, known), '12m')
    ) as c
    -- Every CSM with every window, so that what is zero is shown as zero.
    join windows as w on w.day = c.day
) as counts
