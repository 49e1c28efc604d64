-- Targets in force.
-- ja: 目標値
--
-- What boards draw and alerts compare with, as the table cs.targets says for the day; the latest start in force wins.
--
-- Columns:
--   kpi      label View and column, as nrr.ratio.
--   segment  label Segment; empty for the whole company.
--   target   gauge What is aimed for, in the unit of the column.
--   warning  gauge Where a warning begins, in the unit of the column.
--   critical gauge Where it becomes critical, in the unit of the column.
--
-- Every: 15m

select
    toString(t.kpi) as kpi,
    toString(t.segment) as segment,
    -- The tuple carries a null along, which argMax alone would pass over.
    argMax(tuple(t.target), (t.starts_on, t.updated_at)).1 as target,
    argMax(tuple(t.warning), (t.starts_on, t.updated_at)).1 as warning,
    argMax(tuple(t.critical), (t.starts_on, t.updated_at)).1 as critical
from cs.targets as t final
where t.starts_on <= {as_of:Date} and (t.ends_before is null or t.ends_before > {as_of:Date})
group by kpi, segment
order by kpi, segment
