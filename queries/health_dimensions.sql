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
    g.day as day, g.segment as segment, x.1 as dimension,
    d.dimension_sums[x.2] / nullIf(d.dimension_measured[x.2], 0) as mean_score,
    d.dimension_measured[x.2] as measured_accounts, d.dimension_eligible[x.2] as eligible_accounts
from segments as g
left join health_sums as d on d.day = g.day and d.segment = g.segment
array join [('deployment', 1), ('engagement', 2), ('adoption', 3), ('roi', 4)] as x
