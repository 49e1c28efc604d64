-- What the service keeps beside facts and KPIs: what has been done to this database, and who is at work on it.

-- What cskpi has done to this database: migrations that were applied, views and functions that were installed.
create table if not exists schema_migrations (
    version    UInt16 comment 'Number of the file in queries/schema.',
    name       String comment 'Name of the file.',
    checksum   String comment 'SHA-256 of its statements.',
    applied_at DateTime64(3, 'UTC') default now64(3) comment 'When it was applied.'
) engine = ReplacingMergeTree order by version
settings fsync_after_insert = 1
comment 'Migrations that this database has been through.';

create table if not exists installed (
    kind         Enum8('view' = 1, 'function' = 2) comment 'What it is.',
    name         String comment 'Name, without the database.',
    checksum     String comment 'SHA-256 of the statement that made it; empty: begun.',
    is_gone      UInt8 default 0 comment 'It was dropped again.',
    installed_at DateTime64(6, 'UTC') default now64(6) comment 'When this row was written.'
) engine = ReplacingMergeTree(installed_at, is_gone) order by (kind, name)
settings fsync_after_insert = 1
comment 'Views and functions that are ours, so that nobody else''s is ever replaced or dropped.';

create table if not exists dropped_tables (
    name       String comment 'Name of the table.',
    uuid       UUID comment 'Which one of that name it was.',
    dropped_at DateTime64(3, 'UTC') default now64(3) comment 'When.'
) engine = MergeTree order by name
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Tables of layers that were dropped because they are made anew with other columns: their rows are no loss.';

-- In memory: a claim must not outlive the engine that its roll-up ran on.
create table if not exists usage_claims (
    process String comment 'Process that rolls usage up.',
    step    UInt64 comment 'Counts what the process says; the highest is in force.',
    is_over UInt8 comment '1 where it does so no longer.',
    seen_at DateTime64(3, 'UTC') comment 'When the process said so.'
) engine = Memory settings min_rows_to_keep = 1000, max_rows_to_keep = 2000
comment 'Who rolls up usage now.';

-- In memory: a claim must not outlive the engine that its work ran on.
create table if not exists history_claims (
    process String comment 'Process that computes past days.',
    step    UInt64 comment 'Counts what the process says; the highest is in force.',
    is_over UInt8 comment '1 where it does so no longer.',
    seen_at DateTime64(3, 'UTC') comment 'When the process said so.'
) engine = Memory settings min_rows_to_keep = 1000, max_rows_to_keep = 2000
comment 'Who computes past days now.';

create table if not exists refresh_claims (
    process String comment 'Process that computes layers.',
    step    UInt64 comment 'Counts what the process says; the highest is in force.',
    is_over UInt8 comment '1 where it does so no longer.',
    seen_at DateTime64(3, 'UTC') comment 'When the process said so.'
) engine = Memory settings min_rows_to_keep = 1000, max_rows_to_keep = 2000
comment 'Who computes layers now.';

-- Who was erased is not told, but whether somebody was can be: by the hash of the receipt's id and theirs.
create table if not exists erasures (
    erasure_id   String comment 'Number of the receipt, random.',
    kind         Enum8('account' = 1, 'user' = 2) comment 'What was erased.',
    id_hash      String comment 'SHA-256 of erasure_id and the id, one behind the other, in hex.',
    requested_at DateTime64(3, 'UTC') comment 'When it was asked for.',
    finished_at  Nullable(DateTime64(3, 'UTC')) comment 'When nothing was left; null: it was cut short and is to be asked for again.',
    rows         Map(String, UInt64) comment 'Rows that were erased, by table.',
    first_on     Nullable(Date) comment 'First day of an erased fact: KPIs of that day and later ones may have changed; null: there was no fact.',
    last_on      Nullable(Date) comment 'Last day of an erased fact.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'When this row was written.'
) engine = ReplacingMergeTree(updated_at) order by erasure_id
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Accounts and users that were erased, without saying who.';

-- When this database was backed up, so that the age of the last backup can be watched.
create table if not exists backups (
    finished_at DateTime64(3, 'UTC') comment 'When the backup was complete and verified.',
    snapshot_at DateTime64(3, 'UTC') comment 'Instant of the facts in the backup.',
    file        String comment 'File that the backup was written to.',
    bytes       UInt64 comment 'Size of the file.',
    rows        UInt64 comment 'Rows in the backup.'
) engine = MergeTree order by finished_at
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Verified backups of this database.';
