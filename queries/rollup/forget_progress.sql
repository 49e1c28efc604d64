-- Nothing of any partition is rolled up.

insert into stored_usage_progress (partition, block_number, version)
select partition, 0 as block_number, {version:UInt64} as version
from stored_usage_progress final
