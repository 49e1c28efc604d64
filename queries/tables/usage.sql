-- Usage rolled up: pure functions of the stored usage events and the settings. A higher version replaces a row of the same key.

create table if not exists stored_usage_user_days (
    day          Date comment 'Day in the reporting time zone.',
    account_id   String comment 'Customer account.',
    user_id      String comment 'Id that the events came with; empty: events of nobody in particular.',
    events       UInt64 comment 'Events.',
    core_events  UInt64 comment 'Events that count as use, by the setting core_events of the day.',
    features     Array(String) comment 'What was done: the names of the events, each once.',
    departments  Array(String) comment 'Departments named by the events, by the setting department_property.',
    last_at      DateTime64(3, 'UTC') comment 'Latest event.' codec(Delta, ZSTD),
    is_anonymous UInt8 default 0 comment '1: the id is that of a visitor who had not logged in.',
    person_id    String default user_id comment 'User, the same for all ids of one; empty: nobody in particular, or a visitor who never logged in.',
    is_excluded  UInt8 default 0 comment '1: own staff, a monitor, a bot or a test user; counts nowhere.',
    version      UInt64 comment 'Roll-up that wrote the row.' codec(Delta, ZSTD),
    is_gone      UInt8 default 0 comment '1 where the events have moved to another day.',
    quantity_sums    Map(LowCardinality(String), Decimal(38, 9)) comment 'Sums of the quantities in properties of events, by the setting event_quantities of the day; what is not there is 0.',
    quantity_events  Map(LowCardinality(String), UInt64) comment 'Events that have each of them.',
    quantity_maxima  Map(LowCardinality(String), Decimal(38, 9)) comment 'Largest value of each in one event; what is not there is 0.'
) engine = ReplacingMergeTree(version, is_gone) partition by toYYYYMM(day) order by (day, account_id, user_id)
settings fsync_after_insert = 1
comment 'What each user did on each day, by the ids that the events came with.';

create table if not exists stored_usage_people (
    user_id     String comment 'Id that events come with.',
    person_id   String comment 'User, the same for all ids of one.',
    is_excluded UInt8 comment '1: own staff, a monitor, a bot or a test user.',
    version     UInt64 comment 'Roll-up that wrote the row.',
    is_gone     UInt8 default 0 comment '1 where the id stands for itself again.'
) engine = ReplacingMergeTree(version, is_gone) order by user_id
settings fsync_after_insert = 1
comment 'Ids that do not stand for themselves alone, or that do not count.';

create table if not exists stored_usage_people_progress (
    one     UInt8 comment 'Always 1.',
    facts   String comment 'Which facts about users were taken.',
    pattern String comment 'Who was excluded by the setting excluded_users.',
    version UInt64 comment 'Roll-up that applied them.'
) engine = ReplacingMergeTree(version) order by one
settings fsync_after_insert = 1
comment 'Up to where facts about users are applied to usage.';

create table if not exists stored_usage_account_days (
    day          Date comment 'Day in the reporting time zone.',
    account_id   String comment 'Customer account.',
    users        UInt64 comment 'Distinct users.',
    active_users UInt64 comment 'Distinct users with an event that counts as use.',
    events       UInt64 comment 'Events.',
    core_events  UInt64 comment 'Events that count as use.',
    features     UInt64 comment 'Distinct names of events.',
    last_at      DateTime64(3, 'UTC') comment 'Latest event.' codec(Delta, ZSTD),
    version      UInt64 comment 'Roll-up that wrote the row.' codec(Delta, ZSTD),
    is_gone      UInt8 default 0 comment '1 where the events have moved to another day.',
    quantity_sums    Map(LowCardinality(String), Decimal(38, 9)) comment 'Sums of the quantities in properties of events, by the setting event_quantities of the day; what is not there is 0.',
    quantity_events  Map(LowCardinality(String), UInt64) comment 'Events that have each of them.',
    quantity_maxima  Map(LowCardinality(String), Decimal(38, 9)) comment 'Largest value of each in one event; what is not there is 0.'
) engine = ReplacingMergeTree(version, is_gone) partition by toYYYYMM(day) order by (day, account_id)
settings fsync_after_insert = 1
comment 'What each account did on each day.';

-- So that whether an account was ever seen does not cost a look at all days.
create table if not exists stored_usage_accounts (
    account_id String comment 'Customer account.',
    first_on   Date comment 'First day with an event.',
    version    UInt64 comment 'Roll-up that wrote the row.',
    is_gone    UInt8 default 0 comment '1 where there is no event any more.'
) engine = ReplacingMergeTree(version, is_gone) order by account_id
settings fsync_after_insert = 1
comment 'When each account was first seen.';

-- Where else an event id has been seen, whatever its day, without reading raw events. Ids are looked up one by one, so that a
-- mark stands for few.
create table if not exists stored_usage_identities (
    id           UInt64 comment 'Hash of source and event id.',
    payload_hash UInt64 comment 'Hash of the payload.',
    day          Date comment 'UTC day of the event.'
) engine = ReplacingMergeTree primary key id order by (id, payload_hash)
settings index_granularity = 128, fsync_after_insert = 1
comment 'Index of the ids of all usage events.';

create table if not exists stored_usage_conflicts (
    source       LowCardinality(String) comment 'System that the event came from.',
    event_id     String comment 'Event.',
    payload_hash UInt64 comment 'Hash of the payload.',
    account_id   String comment 'Account of this payload.',
    event        LowCardinality(String) comment 'What was done, by this payload.',
    ts           DateTime64(3, 'UTC') comment 'When, by this payload.',
    is_kept      UInt8 comment '1 on the payload that was stored first and counts; 0 on the others, which do not.',
    version      UInt64 comment 'Roll-up that wrote the row.'
) engine = ReplacingMergeTree(version) order by (source, event_id, payload_hash)
settings fsync_after_insert = 1
comment 'Usage events of the same id with different payloads.';

create table if not exists stored_usage_progress (
    partition    String comment 'Partition of stored_usage_events.',
    block_number UInt64 comment 'All blocks up to this one are rolled up.',
    version      UInt64 comment 'Roll-up that got there.'
) engine = ReplacingMergeTree(version) order by partition
settings fsync_after_insert = 1
comment 'How far usage events are rolled up.';

create table if not exists stored_usage_totals (
    day      Date comment 'Day in the reporting time zone.',
    settings String comment 'Settings by which it was rolled up.',
    events   UInt64 comment 'Events of the day.',
    version  UInt64 comment 'Roll-up that wrote the row.'
) engine = ReplacingMergeTree(version) order by day
settings fsync_after_insert = 1
comment 'Days that are rolled up, and by which settings.';

create table if not exists stored_usage_ahead (
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

create table if not exists stored_usage_horizon (
    refused_before Date comment 'UTC day before which usage events are refused from then on.',
    kept_from      Date comment 'UTC day before which usage events are deleted; what they were rolled up to stays as it is.',
    recorded_at    DateTime64(3, 'UTC') default now64(3) comment 'When.'
) engine = MergeTree order by recorded_at
settings fsync_after_insert = 1
comment 'Since when usage events are kept; the latest days hold.';
