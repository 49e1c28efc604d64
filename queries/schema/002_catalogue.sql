-- What cskpi has done to this database: migrations that were applied, views and functions that were installed.

create table if not exists cs.schema_migrations (
    version    UInt16 comment 'Number of the file in queries/schema.',
    name       String comment 'Name of the file.',
    checksum   String comment 'SHA-256 of its statements.',
    applied_at DateTime64(3, 'UTC') default now64(3) comment 'When it was applied.'
) engine = ReplacingMergeTree order by version
settings fsync_after_insert = 1
comment 'Migrations that this database has been through.';

create table if not exists cs.installed (
    kind         Enum8('view' = 1, 'function' = 2) comment 'What it is.',
    name         String comment 'Name, without the database.',
    checksum     String comment 'SHA-256 of the statement that made it; empty: begun.',
    is_gone      UInt8 default 0 comment 'It was dropped again.',
    installed_at DateTime64(6, 'UTC') default now64(6) comment 'When this row was written.'
) engine = ReplacingMergeTree(installed_at, is_gone) order by (kind, name)
settings fsync_after_insert = 1
comment 'Views and functions that are ours, so that nobody else''s is ever replaced or dropped.';
