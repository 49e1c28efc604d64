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
--   kind               label upsell, cross_sell, extension, expand.
--   window             label Length of the window: 1m, 3m, 12m.
--   win_ratio          gauge Won over won and lost, of those decided in the window.
--   win_ratio_lower    gauge Lower 95 % bound of the win ratio.
--   win_ratio_upper    gauge Upper 95 % bound of the win ratio.
--   won                gauge Won in the window.
--   lost               gauge Lost in the window.
--   created_win_ratio  gauge Of those created in the window: won by as_of over all.
--   created            gauge Created in the window.
--   created_won        gauge Of those created in the window: won by as_of.
--   open_opportunities gauge Open at as_of, whenever created; the same for every window.
--   cycle_p50_seconds  gauge Median time from creation to winning, of those won in the window.
--
-- Group: Growth and voice, 3
-- Every: 15m

select
    kind, window,
    cs_ratio(won, won + lost) as win_ratio,
    cs_wilson_lower(won, won + lost) as win_ratio_lower,
    cs_wilson_upper(won, won + lost) as win_ratio_upper,
    won, lost,
    cs_ratio(created_won, created) as created_win_ratio,
    created, created_won, open_opportunities,
    if(won = 0, null, median) as cycle_p50_seconds
from (
    select
        g.kind as kind, g.window as window,
        sum(d.won) as won, sum(d.lost) as lost, sum(d.created) as created, sum(d.created_won) as created_won,
        sum(d.open_opportunities) as open_opportunities,
        -- Between the two in the middle where their number is even, as spreadsheets do.
        quantileExactInclusiveIf(0.5)(ifNull(d.cycle_seconds, 0), d.won = 1) as median
    from (
        select arrayJoin(['upsell', 'cross_sell', 'extension', 'expand']) as kind, arrayJoin(['1m', '3m', '12m']) as window
    ) as g
    left join cs.pipeline_quality_detail(as_of = {as_of:Date}) as d on d.kind = g.kind and d.window = g.window
    group by g.kind, g.window
) as counts
order by kind, window
