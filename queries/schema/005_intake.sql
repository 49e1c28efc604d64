-- What facts that arrive over HTTP need: inserts that are sent again are taken once, and what was acknowledged survives a power cut.

-- By the token of an insert (insert_deduplication_token) a batch whose answer was lost is stored once, partition by partition. The
-- other facts are compared with what is stored before they are.
alter table cs.usage_events modify setting non_replicated_deduplication_window = 10000;
alter table cs.usage_events modify setting fsync_part_directory = 1;

alter table cs.accounts modify setting fsync_part_directory = 1;
alter table cs.contracts modify setting fsync_part_directory = 1;
alter table cs.touchpoints modify setting fsync_part_directory = 1;
alter table cs.milestones modify setting fsync_part_directory = 1;
alter table cs.opportunities modify setting fsync_part_directory = 1;
alter table cs.risks modify setting fsync_part_directory = 1;
alter table cs.health_overrides modify setting fsync_part_directory = 1;
alter table cs.action_items modify setting fsync_part_directory = 1;
alter table cs.tickets modify setting fsync_part_directory = 1;
alter table cs.surveys modify setting fsync_part_directory = 1;
alter table cs.engagements modify setting fsync_part_directory = 1;
alter table cs.feedback modify setting fsync_part_directory = 1;
alter table cs.value_reviews modify setting fsync_part_directory = 1;
alter table cs.targets modify setting fsync_part_directory = 1;
alter table cs.fx_rates modify setting fsync_part_directory = 1;
alter table cs.settings modify setting fsync_part_directory = 1;

-- Who was erased is not told, but whether somebody was can be: by the hash of the receipt's id and theirs.
create table if not exists cs.erasures (
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
