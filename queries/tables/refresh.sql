-- What the refresher knows: which days of which layers are computed, and what has changed since.

create table if not exists stored_layer_days (
    layer       LowCardinality(String) comment 'Layer.',
    day         Date comment 'Day that is computed; 1970-01-01: a layer without days.',
    definition  LowCardinality(String) comment 'Hash of the definition by which it was, and the time zone.',
    whole       Date comment 'Last day that was over then.',
    hash        UInt64 comment 'Of a layer of the whole company, hash of its rows of the day; else 0.',
    computed_at DateTime64(6, 'UTC') comment 'When it was last computed, for all accounts or some.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(computed_at) order by (layer, day)
settings fsync_after_insert = 1
comment 'Days of the layers that are computed.';

-- Who stores facts announces what they touch before, and says afterwards that they are stored: what is announced and never stored does no harm
-- but a needless computation, and nothing that is stored goes unnoticed.
create table if not exists stored_fact_changes (
    batch      UInt64 comment 'Facts that are stored together.',
    table      LowCardinality(String) comment 'Table of facts, without stored_.',
    account_id String comment 'Account that they are about; empty: the whole company.',
    first_on   Date comment 'First day that they touch; 1970-01-01: since ever.',
    last_on    Date comment 'Last day on which one of them begins.',
    rows       UInt64 comment 'How many they are.',
    step       UInt8 comment '1 announced, 2 stored, 3 seen by the refresher.',
    at         DateTime64(3, 'UTC') default now64(3) comment 'When.',
    is_gone    UInt8 materialized step = 3 comment '1: nothing is left to be done.'
) engine = ReplacingMergeTree(step, is_gone) order by (batch, table, account_id)
settings fsync_after_insert = 1
comment 'Facts that were stored since the layers were computed.';

create table if not exists fact_changes (
    table      LowCardinality(String) comment 'Table of facts.',
    changed_at DateTime64(3, 'UTC') comment 'When the layers had them.' codec(Delta, ZSTD),
    first_on   Date comment 'First day that they touch; 1970-01-01: since ever.',
    last_on    Date comment 'Last day on which one of them begins.',
    rows       UInt64 comment 'How many they are; of usage, days of accounts that were rolled up anew.'
) engine = MergeTree order by (table, changed_at)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Facts that arrived, by the time from which on the layers have them.';

create table if not exists stored_days (
    day        Date comment 'Day.',
    is_support UInt8 comment '1: it is computed because other days look back on it.',
    at         DateTime64(6, 'UTC') comment 'When that was decided.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(at) order by day
settings fsync_after_insert = 1
comment 'Days that are to be computed.';
