-- Quality of the pipeline that Customer Success generated, over trailing windows.
-- ja: パイプラインの質(受注率)
--
-- Guards against pipeline for form's sake, so it is about the same opportunities as pipegen. Won over decided is by the day of
-- the decision, won over created by the day of creation. It counts opportunities: lost ones often carry no amount.
--
-- ja: 形式だけの商談化を防ぐための確認。対象はパイプライン創出(Pipegen)と同じ商談。受注率は決定日、創出商談の受注率は創出日で数え
-- ja: る。失注商談には金額がないことが多いため、件数で計算する。
--
-- Columns:
--   day                key   Day.
--   kind               label upsell, cross_sell, extension, expand.
--   window             label Length of the window.
--   win_ratio          gauge Won over won and lost, of those decided in the window.
--   win_ratio_lower    gauge Lower 95 % bound of the win ratio.
--   win_ratio_upper    gauge Upper 95 % bound of the win ratio.
--   won                gauge Won in the window.
--   lost               gauge Lost in the window.
--   created_win_ratio  gauge Of those created in the window: won by the day over all.
--   created            gauge Created in the window.
--   created_won        gauge Of those created in the window: won by the day.
--   open_opportunities gauge Open at the day, whenever created; the same for every window.
--   cycle_p50_seconds  gauge Median time from creation to winning, of those won in the window.
--
-- Group: Growth and voice, 3
-- Every: 15m
-- Stored: by day

select
    day, kind, window,
    cs_ratio(won_sum, won_sum + lost_sum) as win_ratio,
    cs_wilson_lower(won_sum, won_sum + lost_sum) as win_ratio_lower,
    cs_wilson_upper(won_sum, won_sum + lost_sum) as win_ratio_upper,
    won_sum as won, lost_sum as lost,
    cs_ratio(created_won_sum, created_sum) as created_win_ratio,
    created_sum as created, created_won_sum as created_won, open_sum as open_opportunities,
    if(won_sum = 0, null, median) as cycle_p50_seconds
from (
    select
        day, kind, window,
        sum(d.won) as won_sum, sum(d.lost) as lost_sum, sum(d.created) as created_sum, sum(d.created_won) as created_won_sum,
        sum(d.open_opportunities) as open_sum,
        -- Between the two in the middle where their number is even, as spreadsheets do.
        quantileExactInclusiveIf(0.5)(ifNull(d.cycle_seconds, 0), d.won = 1) as median
    from (
        select day, kind, window, won, lost, created, created_won, open_opportunities, cycle_seconds from pipeline_quality_detail
        union all
        select
            day, arrayJoin(['upsell', 'cross_sell', 'extension', 'expand']) as kind, window, 0 as won, 0 as lost, 0 as created, 0 as created_won,
            0 as open_opportunities, null as cycle_seconds
        from windows
    ) as d
    group by day, kind, window
) as counts
