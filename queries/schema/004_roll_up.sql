-- What the roll-up of usage needs beside its results.

-- Found as events are rolled up, since the quality of data must not cost a look at all raw events.
create table if not exists cs.usage_ahead (
    source       LowCardinality(String) comment 'System that the event came from.',
    event_id     String comment 'Event.',
    payload_hash UInt64 comment 'Hash of the payload.',
    account_id   String comment 'Customer account.',
    ts           DateTime64(3, 'UTC') comment 'When, by the event.',
    stored_at    DateTime64(3, 'UTC') comment 'When the event was stored here, the first time.',
    seniority    UInt64 comment 'The larger, the earlier stored.'
) engine = ReplacingMergeTree(seniority) order by (source, event_id, payload_hash)
settings fsync_after_insert = 1
comment 'Usage events dated more than a day ahead of when they were stored.';

-- In memory: a claim must not outlive the engine that its roll-up ran on.
create table if not exists cs.usage_claims (
    process String comment 'Process that rolls usage up.',
    step    UInt64 comment 'Counts what the process says; the highest is in force.',
    is_over UInt8 comment '1 where it does so no longer.',
    seen_at DateTime64(3, 'UTC') comment 'When the process said so.'
) engine = Memory settings min_rows_to_keep = 1000, max_rows_to_keep = 2000
comment 'Who rolls up usage now.';
