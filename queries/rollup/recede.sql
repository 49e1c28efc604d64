-- How far usage is rolled up, where the latest blocks of events were deleted, which would else look like a loss.

insert into stored_usage_progress (partition, block_number, version)
select p.partition, least(p.block_number, s.stored) as block_number, {version:UInt64} as version
from (select partition, block_number from stored_usage_progress final) as p
left join (
    select partition_id as partition, toUInt64(max(max_block_number)) as stored
    from system.parts
    where database = currentDatabase() and table = 'stored_usage_events' and active and rows > 0
    group by partition
) as s on s.partition = p.partition
where s.stored < p.block_number
settings join_use_nulls = 0
