-- How much of the health score is measured.
-- ja: ヘルス指標の計測率
--
-- Paying accounts of which a measure is there and not too old, over those for which it counts. A score stands on what is
-- measured; below the share that the setting health_measured_ratio asks for, an account's band is unknown.
--
-- ja: 各指標が測れている(古すぎない)契約中の顧客の割合。スコアは測れた指標だけで決まり、設定health_measured_ratioの割合に満たない
-- ja: 顧客の帯は「不明」となる。
--
-- Columns:
--   day               key   Day.
--   segment           label Touch-model segment of the account on the day.
--   measure           label Measure, as in health_measures.
--   ratio             gauge Measured accounts over eligible accounts.
--   measured_accounts gauge Paying accounts of which it is there and not too old.
--   eligible_accounts gauge Paying accounts for which it counts.
--
-- Group: Customers, 30
-- Every: 15m

select
    day, segment, m.1 as measure,
    cs_ratio(m.2, m.3) as ratio,
    m.2 as measured_accounts,
    m.3 as eligible_accounts
from health_sums as d
array join arrayZip(d.measures, d.measured, d.eligible) as m
where m.3 > 0
