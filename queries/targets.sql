-- Targets in force.
-- ja: 目標値
--
-- What boards draw and alerts compare with, as the table targets says for the day; the latest start in force wins.
--
-- ja: ボードに線として示し、アラートの判定に使う値。表targetsでその日に有効なもので、開始日の新しいものを優先する。
--
-- Columns:
--   day      key   Day.
--   kpi      label View and column, as nrr.ratio.
--   segment  label Segment; empty for the whole company.
--   target   gauge What is aimed for, in the unit of the column.
--   warning  gauge Where a warning begins, in the unit of the column.
--   critical gauge Where it becomes critical, in the unit of the column.
--
-- Group: Targets and data, 1
-- Every: 15m

select day, kpi, segment, target, warning, critical
from targets_detail
