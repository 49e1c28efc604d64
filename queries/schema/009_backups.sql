-- When this database was backed up, so that the age of the last backup can be watched.

create table if not exists cs.backups (
    finished_at DateTime64(3, 'UTC') comment 'When the backup was complete and verified.',
    snapshot_at DateTime64(3, 'UTC') comment 'Instant of the facts in the backup.',
    file        String comment 'File that the backup was written to.',
    bytes       UInt64 comment 'Size of the file.',
    rows        UInt64 comment 'Rows in the backup.'
) engine = MergeTree order by finished_at
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Verified backups of this database.';
