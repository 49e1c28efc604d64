-- How far last month's closing numbers moved.
-- ja: 前月の数値の修正
--
-- Of the last day of the month before that of the day: the value of each gauge first reported, against the one reported by the end of
-- the day, after late facts. The differences of all series of a gauge, without their signs, as a share of the values first reported. Days
-- that are computed for the first time have not moved, nor has what is another value only since the definition changed. kpi_restatements has every change, with the facts behind it.
--
-- ja: 前月末の数値が、最初に報告した値からどれだけ動いたか。遅れて届いた事実を反映した現在の値との差を、符号を除いて合計し、報告値
-- ja: に対する割合で示す。KPIの定義が変わったための差は含まない。変更の内訳と原因となった事実はkpi_restatementsで分かる。
--
-- Columns:
--   day             key   Day.
--   kpi             label View and column, as nrr.ratio.
--   ratio           gauge Differences as a share of the values first reported; null where these are zero.
--   moved           gauge Difference between the value first reported and the current one, in the unit of the column.
--   told            gauge Value first reported, in the unit of the column.
--   restated_series gauge Series that differ.
--
-- Group: Targets and data, 4
-- Every: 1h

select
    day, kpi,
    cs_ratio(sum(d.moved), sum(d.told)) as ratio,
    cs_float(sum(d.moved)) as moved,
    cs_float(sum(d.told)) as told,
    sum(d.restated_series) as restated_series
from restatement_detail as d
group by day, kpi
