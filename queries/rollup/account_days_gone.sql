-- What this roll-up did not find on those days any more is gone.

insert into stored_usage_account_days (account_id, day, last_at, version, is_gone)
select account_id, day, toDateTime64(0, 3, 'UTC') as last_at, {version:UInt64} as version, 1 as is_gone
from stored_usage_account_days as d final
where day in {days:Array(Date)} and {theirs} and d.version < {version:UInt64}
settings max_partitions_per_insert_block = 0
