-- No day is rolled up by any settings.

insert into cs.usage_days (day, settings, events, version)
select day, '' as settings, events, {version:UInt64} as version
from cs.usage_days final
