-- Health by dimension (DEAR).
-- ja: ヘルスの4次元(導入・関与・活用・ROI)
--
-- Deployment, engagement, adoption and return on investment: mean over the accounts of which anything is measured, beside how
-- many these are. Each account's dimension is the mean of its measures by their weights.
--
-- ja: DEARの4次元:導入(Deployment)、関与(Engagement)、活用(Adoption)、費用対効果(ROI)。何らかの指標が測れている顧客の平均と、その
-- ja: 社数。顧客ごとの値は、指標の重み付き平均。
--
-- Columns:
--   day               key   Day.
--   segment           label Touch-model segment of the account on the day.
--   dimension         label deployment, engagement, adoption, roi.
--   mean_score        gauge Mean score of the measured accounts, 0 to 100.
--   measured_accounts gauge Paying accounts of which a measure of the dimension is there and not too old.
--   eligible_accounts gauge Paying accounts for which the dimension counts.
--
-- Group: Customers, 15
-- Every: 15m

select
    g.day as day, g.segment as segment, g.dimension as dimension,
    d.scores / nullIf(d.measured_accounts, 0) as mean_score,
    d.measured_accounts as measured_accounts, d.eligible_accounts as eligible_accounts
from (select day, segment, arrayJoin(['deployment', 'engagement', 'adoption', 'roi']) as dimension from segments) as g
left join (
    select
        day, segment, dimension,
        -- In order of size, so that the sum is the same for any order of rows.
        arraySum(arraySort(groupArray(x.score))) as scores,
        sum(x.measured_accounts) as measured_accounts, sum(x.eligible_accounts) as eligible_accounts
    from health_dimensions_detail as x
    group by day, segment, dimension
) as d on d.day = g.day and d.segment = g.segment and d.dimension = g.dimension
