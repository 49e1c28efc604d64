-- The scales of survey answers that do not say it themselves, by the day from which on they hold: of csat the setting csat_scale.
--
-- Columns:
--   kind      key  nps, csat.
--   starts_on key  First day.
--   highest   fact Highest score.

select 'csat' as kind, starts_on, toUInt8(argMax(scale, (is_given, updated_at, ingested_at))) as highest
from (
    select starts_on, value as scale, 1 as is_given, updated_at, ingested_at from stored_settings final where name = 'csat_scale' and segment = '' and phase = ''
    union all
    select toDate(0), cs_setting_defaults()['csat_scale/'], 0, toDateTime64(0, 3, 'UTC'), toDateTime64(0, 3, 'UTC')
) as given
group by starts_on
union all
select 'nps' as kind, toDate(0) as starts_on, toUInt8(10) as highest
