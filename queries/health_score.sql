-- Distribution of health scores.
-- ja: ヘルススコアの分布
--
-- Scores of the paying accounts of which anything is measured, also where too little is for a band.
--
-- ja: いずれかの指標が測れている契約中の顧客のスコア。帯を決めるには指標が足りない顧客も含む。
--
-- Columns:
--   segment         label     Touch-model segment of the account at as_of.
--   score           histogram Health scores, 0 to 100.
--   scored_accounts gauge     Accounts with a score.
--   mean_score      gauge     Mean of their scores.
--
-- Group: Customers, 14
-- Every: 5m

select
    segment,
    cs_histogram(scores, [10., 20., 30., 40., 50., 60., 70., 80., 90., 100.]) as score,
    accounts as scored_accounts,
    arraySum(arraySort(scores)) / nullIf(accounts, 0) as mean_score
from (
    select g.segment as segment, groupArrayIf(d.score, d.scored_accounts = 1) as scores, sum(d.scored_accounts) as accounts
    from (select arrayJoin(['high', 'low', 'tech']) as segment) as g
    left join cs.health_score_detail(as_of = {as_of:Date}) as d on d.segment = g.segment
    group by g.segment
) as counted
order by segment
