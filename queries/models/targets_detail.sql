-- The row of cs.targets behind each target in force.
--
-- Columns:
--   kpi         label View and column, as nrr.ratio.
--   segment     label Segment; empty for the whole company.
--   source      key   System that the row came from.
--   target      part  What is aimed for, in the unit of the column.
--   warning     part  Where a warning begins, in the unit of the column.
--   critical    part  Where it becomes critical, in the unit of the column.
--   starts_on   fact  First day in force.
--   ends_before fact  First day no longer in force; null: until the next one.
--   replaced    fact  Rows in force by their own days that this one takes precedence over.

select
    kpi, segment,
    row.6 as source, row.1 as target, row.2 as warning, row.3 as critical, row.4 as starts_on, row.5 as ends_before, replaced
from (
    select
        toString(t.kpi) as kpi,
        toString(t.segment) as segment,
        -- The tuple carries a null along, which argMax alone would pass over.
        argMax((t.target, t.warning, t.critical, t.starts_on, t.ends_before, toString(t.source)), (t.starts_on, t.updated_at)) as row,
        count() - 1 as replaced
    from cs.targets as t final
    where t.starts_on <= {as_of:Date} and (t.ends_before is null or t.ends_before > {as_of:Date})
    group by kpi, segment
) as latest
