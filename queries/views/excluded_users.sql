-- Who is no user by the setting excluded_users, as one regular expression.
--
-- The latest list holds for all days, also for those before it was set: whether somebody is a user does not depend on when it was noticed.
--
-- Columns:
--   pattern key Regular expression of ids and e-mail addresses in lower case.

select cs_excluded_pattern(argMax(value, (updated_at, ingested_at))) as pattern
from stored_settings final
where name = 'excluded_users' and segment = '' and phase = ''
