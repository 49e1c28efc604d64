-- No day is rolled up by any settings.

insert into stored_usage_totals (day, settings, events, version)
select day, '' as settings, events, {version:UInt64} as version
from stored_usage_totals final
