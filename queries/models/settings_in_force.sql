-- Settings in force at the end of as_of, for every segment and lifecycle phase.
--
-- What somebody set goes before the defaults; of that, the row that names segment and phase goes before the one that
-- names the segment, that before the one that names the phase, and that before the one for all. Among those that say the
-- same, the latest start wins, and of one start what was changed last, by whichever source.
--
-- Columns:
--   name      key   Setting.
--   segment   key   Segment; empty: what holds without one.
--   phase     key   Lifecycle phase; empty: what holds without one.
--   value     fact  Value in force.
--   starts_on fact  First day of that value; 1970-01-01: since ever.
--   is_given  fact  1 where somebody set it, 0 where it is the default.

select name, of_segment as segment, of_phase as phase, latest.1 as value, latest.2 as starts_on, latest.3 as is_given
from (
    select name, of_segment, of_phase, argMax((value, starts_on, is_given), (is_given, segment != '')) as latest
    from (
        select name, segment, phase, value, starts_on, 1 as is_given
        from cs.settings_given(as_of = {as_of:Date}) as g
        union all
        select name, segment, '' as phase, value, toDate(0) as starts_on, 0 as is_given
        from cs.setting_definitions(as_of = {as_of:Date}) as d
    ) as known
    array join if(is_given or segment != '', [segment], ['', 'high', 'low', 'tech']) as of_segment
    array join if(is_given, [phase], ['', 'onboarding', 'adoption', 'growth', 'leaving']) as of_phase
    group by name, of_segment, of_phase
) as resolved
