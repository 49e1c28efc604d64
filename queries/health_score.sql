-- Distribution of health scores.
-- ja: ヘルススコアの分布
--
-- Scores of the paying accounts of which anything is measured, also where too little is for a band.
--
-- ja: いずれかの指標が測れている契約中の顧客のスコア。帯を決めるには指標が足りない顧客も含む。
--
-- Columns:
--   day             key       Day.
--   segment         label     Touch-model segment of the account on the day.
--   score           histogram Health scores, 0 to 100.
--   scored_accounts gauge     Accounts with a score.
--   mean_score      gauge     Mean of their scores.
--
-- Group: Customers, 14
-- Every: 5m

select
    g.day as day, g.segment as segment,
    if(empty(d.scores.1), cs_histogram(cast([], 'Array(Float64)'), [10., 20., 30., 40., 50., 60., 70., 80., 90., 100.]), d.scores) as score,
    d.scored_accounts as scored_accounts,
    d.score_sum / nullIf(d.scored_accounts, 0) as mean_score
from segments as g
left join health_sums as d on d.day = g.day and d.segment = g.segment
