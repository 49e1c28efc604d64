-- Settings that there are, their defaults and what they accept.
--
-- A setting may hold for one segment or one lifecycle phase only where its scope says so. Where more than one row is in
-- force, the one that names segment and phase goes before the one that names the segment, that before the one that names
-- the phase, and that before the one for all.
--
-- Columns:
--   name      key   Setting.
--   segment   key   Segment that the default is for; empty: all.
--   value     fact  Default.
--   kind      fact  What it is: integer, number, currency, timezone, list, text, property, quantities, quantity or scale.
--   minimum   fact  Least number accepted; null: any.
--   maximum   fact  Largest number accepted; null: any.
--   scope     fact  What it may be limited to: empty, segment, or segment and phase; all days: it holds for all days, whenever it is set.
--   help      fact  What it does.

select name, segment, cs_setting_defaults()[concat(name, '/', segment)] as value, kind, minimum, maximum, scope, help
from values('name String, segment String, kind String, minimum Nullable(Float64), maximum Nullable(Float64), scope String, help String',
    ('currency', '', 'currency', null, null, '', 'Reporting currency, ISO 4217.'),
    ('timezone', '', 'timezone', null, null, '', 'Reporting time zone, IANA. For usage it is the one in force on the UTC day of the event.'),
    ('fiscal_year_start', '', 'integer', 1, 12, '', 'First month of the fiscal year.'),
    ('segment_high_arr', '', 'number', 0, null, '', 'ARR from which an account is high touch.'),
    ('segment_low_arr', '', 'number', 0, null, '', 'ARR from which an account is low touch; below it is tech touch.'),
    ('grace_days', '', 'integer', 0, 365, '', 'Days for which an ended contract still counts while nothing has followed and no notice was given.'),
    ('renewal_overdue_days', '', 'integer', 0, 365, '', 'Days after its end for which an unanswered renewal is overdue rather than lost.'),
    ('fx_rate_max_age_days', '', 'integer', 0, 366, '', 'How old the rate on the first day of a fiscal year may be.'),
    ('coverage_days', 'high', 'integer', 1, 3650, 'segment', 'Days within which an account is to be touched.'),
    ('coverage_days', 'low', 'integer', 1, 3650, 'segment', 'Days within which an account is to be touched.'),
    ('coverage_days', 'tech', 'integer', 1, 3650, 'segment', 'Days within which an account is to be touched.'),
    ('onboarding_days', '', 'integer', 1, 3650, 'segment', 'Days from the first paid day to the deadline of onboarding where none is planned.'),
    ('first_use_users', '', 'integer', 1, 1000000, 'segment', 'Active users on one day that make the first real use.'),
    ('core_events', '', 'list', null, null, '', 'Events that count as use, separated by commas; empty: all. A usage event is judged by the setting of its day.'),
    ('event_names', '', 'integer', 1, 10000, '', 'Names of usage events that are kept apart on one day: first the core events, then those of most users. The others count as the feature (other).'),
    ('department_property', '', 'text', null, null, '', 'Property of usage events that names the department of the user.'),
    ('excluded_users', '', 'list', null, null, 'all days', 'Own staff, monitors, bots and test users, who are no users of an account, separated by commas: an id or e-mail address, the end of one (@vendor.example), or a pattern (monitor-*), in whatever case.'),
    ('excluded_property', '', 'property', null, null, 'all days', 'Property of usage events that do not count: those that have it, unless it is false, 0 or empty (impersonated), or those that have it with a value (role=support).'),
    ('event_quantities', '', 'quantities', null, null, '', 'Numbers in properties of usage events that are added up, separated by commas: name=property of all events, or name=property@event (gigabytes=gb@sync). A usage event is judged by the setting of its day.'),
    ('health_quantity', '', 'quantity', null, null, 'segment and phase', 'Quantity of event_quantities that the health measure quantity looks at; empty: the measure takes no part.'),
    ('csat_scale', '', 'scale', 3, 10, '', 'Highest score of the scale of CSAT answers that do not say it: 3, 4, 5, 6, 7 or 10. An answer is read by the setting of its day.'),
    ('risk_accounts', '', 'integer', 1, 1000, '', 'Accounts that the KPI risk_accounts names.'),
    ('health_measured_ratio', '', 'number', 0, 1, 'segment and phase', 'Share of the weight that must be measured for a band other than unknown.'),
    ('health_yellow', '', 'number', 0, 100, 'segment and phase', 'Score from which an account is yellow; below it is red.'),
    ('health_green', '', 'number', 0, 100, 'segment and phase', 'Score from which an account is green.'),
    ('health_measures', '', 'list', null, null, 'segment and phase', 'Measures that make up the health score, separated by commas; empty: all.'),
    ('arr_jump_ratio', '', 'number', 0.01, null, '', 'Share of the company''s ARR by which it must rise or fall in a day for the check arr_jump to report it.'),
    ('quality_exceptions', '', 'list', null, null, '', 'Checks of the data''s quality that do not apply, and rows that are right as they are: check or check/id, separated by commas.'))
union all
select concat(s.1, measure) as name, '' as segment, s.2 as value, s.3 as kind, s.4 as minimum, s.5 as maximum, 'segment and phase' as scope, concat(s.6, help) as help
from (
    select measure, help, arrayJoin([
        ('health_weight_', toString(weight), 'number', cast(0 as Nullable(Float64)), cast(null as Nullable(Float64)), 'Weight, above 0. '),
        ('health_zero_', toString(zero), 'number', null, null, 'Value that scores 0. '),
        ('health_full_', toString(full), 'number', null, null, 'Value that scores 100. '),
        ('health_max_age_', toString(max_age_days), 'integer', 0, 36500, 'Age in days past which it is missing. ')]) as s
    from health_measures as m
) as measured
