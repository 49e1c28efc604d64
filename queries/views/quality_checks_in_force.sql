-- The checks of the data's quality that apply on each day, without those that the setting quality_exceptions names by then.
--
-- Columns:
--   day        key  Day.
--   check      key  Name of the check.
--   remedy     fact What to do.
--   exceptions fact What the setting names: checks, and rows that are right as they are, as check/id, Array(String).

select p.day as day, c.check as check, c.remedy as remedy, p.exceptions as exceptions
from (
    select d.day as day, splitByChar(',', argMaxIf(s.value, (s.starts_on, s.updated_at, s.ingested_at), s.starts_on <= d.day)) as exceptions
    from policy_days as d
    cross join (
        select starts_on, value, updated_at, ingested_at from stored_settings final where name = 'quality_exceptions'
        union all
        select toDate(0), '', toDateTime64(0, 3, 'UTC'), toDateTime64(0, 3, 'UTC')
    ) as s
    group by day
) as p
cross join quality_checks as c
where not has(p.exceptions, c.check)
