-- Who belongs where. Clients of tracking APIs tell it in messages of their own (group, identify), and leave it out of the
-- events that follow.

create table if not exists cs.user_accounts (
    user_id     String comment 'User, by any of the ids that events come with.',
    account_id  String comment 'Account that the user belongs to.',
    source      LowCardinality(String) default 'import' comment 'System that the row came from.',
    updated_at  DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at) order by (user_id, source)
settings fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024
comment 'The account of each user, for events that do not name it; the last one told holds.';
