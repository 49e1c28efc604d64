-- The row of targets behind each target in force.
--
-- Columns:
--   day         key   Day.
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
    day, kpi, segment,
    latest.6 as source, latest.1 as target, latest.2 as warning, latest.3 as critical, latest.4 as starts_on, latest.5 as ends_before, replaced
from (
    select
        p.day as day, toString(t.kpi) as kpi, toString(t.segment) as segment,
        -- The tuple carries a null along, which argMax alone would pass over.
        argMax((t.target, t.warning, t.critical, t.starts_on, t.ends_before, toString(t.source)), (t.starts_on, t.updated_at)) as latest,
        count() - 1 as replaced
    from policy_days as p
    cross join (select * from stored_targets final) as t
    where t.starts_on <= p.day and (t.ends_before is null or t.ends_before > p.day)
    group by day, kpi, segment
) as in_force
