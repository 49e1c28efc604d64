-- The facts as they are stored. A row is an upsert by the table's sorting key: the last updated_at wins. Where valid_from is in the key
-- (accounts, contracts, milestones, opportunities, action_items, tickets, staff), a row holds from then on, up to the next one. The view of the name without
-- stored_ is the present state, one row for each id. Names are unqualified and lie in the database of the connection.

create table if not exists stored_accounts (
    account_id        String comment 'Customer account.',
    parent_account_id String default '' comment 'Account of the parent company; empty: none.',
    name              String default '' comment 'Display name.',
    industry          LowCardinality(String) default '' comment 'Industry.',
    geo               LowCardinality(String) default '' comment 'Sales region.',
    csm               LowCardinality(String) default '' comment 'Owner: the customer success manager.',
    created_on        Nullable(Date) comment 'Day on which the account was created.',
    is_test           Bool default false comment 'Test and internal accounts are in no KPI.',
    attributes        Map(LowCardinality(String), String) comment 'Further attributes of the account, the company''s own.',
    valid_from        DateTime64(3, 'UTC') default updated_at comment 'From when on this row holds, up to the next one.' codec(Delta, ZSTD),
    source            LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn      UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at        DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at       DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at) order by (account_id, source, valid_from)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Customer accounts; versions are kept, so that the owner on a past day is known.';

create table if not exists stored_staff (
    staff_id      String comment 'One of our own people, by the id that stays when the name changes.',
    name          String default '' comment 'Name, as boards and alerts show it.',
    email         String default '' comment 'E-mail address at work.',
    also_known_as String default '' comment 'Other names, addresses and ids under which facts name the person, separated by semicolons.',
    team          LowCardinality(String) default '' comment 'Team.',
    role          LowCardinality(String) default '' comment 'csm, onboarding, ae, support, or the company''s own.',
    manager       String default '' comment 'Who leads the person: an id, address or name.',
    starts_on     Nullable(Date) comment 'First day; null: not said.',
    ends_before   Nullable(Date) comment 'First day on which the person is no longer there; null: still is.',
    valid_from    DateTime64(3, 'UTC') default updated_at comment 'From when on this row holds, up to the next one.' codec(Delta, ZSTD),
    source        LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn  UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at    DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at   DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at) order by (staff_id, source, valid_from)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Our own people, whom other facts name by id, address, or any name that they ever had; versions are kept.';

create table if not exists stored_contracts (
    contract_id   String comment 'Contract.',
    account_id    String comment 'Account that pays.',
    product       LowCardinality(String) default '' comment 'Product.',
    department    LowCardinality(String) default '' comment 'Department of the customer that uses it.',
    kind          Enum8('' = 0, 'new' = 1, 'renewal' = 2, 'upsell' = 3, 'cross_sell' = 4, 'extension' = 5) default '' comment 'What the contract was sold as; empty: derived.',
    seats         UInt32 default 0 comment 'Seats bought.',
    acv           Decimal(18, 4) comment 'Annual contract value, in the contract currency.',
    currency      LowCardinality(String) default '' comment 'ISO 4217 code; empty: the reporting currency.',
    starts_on     Date comment 'First day covered.',
    ends_before   Nullable(Date) comment 'First day no longer covered; null: open.',
    renewed_from  String default '' comment 'Contract (of the same source) that this one replaces from its own start.',
    notice_on     Nullable(Date) comment 'Day on which notice was given.',
    cancel_reason LowCardinality(String) default '' comment 'Why it was cancelled.',
    is_trial      Bool default false comment 'Trials are no ARR.',
    is_land       Bool default false comment 'A small first contract that is meant to be expanded.',
    is_one_off    Bool default false comment 'An amount that is charged once, such as set-up or training; it is no ARR.',
    valid_from    Date default '1970-01-01' comment 'First day on which this row holds, up to the next one of the contract; 1970-01-01: from its first day.',
    source        LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn  UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at    DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at   DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at) order by (contract_id, source, valid_from)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Contracts; the last version of a contract holds for all of its days.';

-- Append-only and large. Identity is (source, event_id); the same event redelivered collapses in merges, the one stored
-- first staying; the same id with another payload stays visible as a conflict. Block numbers are kept, since they tell
-- what is new since the last roll-up.
create table if not exists stored_usage_events (
    event_id     String comment 'Event, unique within its source.',
    account_id   String comment 'Account that the user belongs to.',
    user_id      String default '' comment 'User; empty: nobody in particular.',
    event        LowCardinality(String) comment 'What was done.',
    ts           DateTime64(3, 'UTC') comment 'When it was done.' codec(DoubleDelta, ZSTD),
    properties   String default '' comment 'Further properties, a JSON object.' codec(ZSTD),
    is_anonymous Bool default false comment 'The id is that of a visitor who had not logged in.',
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD),
    payload_hash UInt64 materialized cityHash64(account_id, user_id, event, ts, properties) comment 'Tells a redelivery from a conflict.',
    seniority    UInt64 materialized 18446744073709551615 - (toUnixTimestamp64Milli(ingested_at) * 1000000 + least(rowNumberInBlock(), 999999)) comment 'The larger, the earlier stored; within one insert by the order of its rows.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(seniority) partition by toYear(ts) order by (toDate(ts), account_id, source, event_id, payload_hash)
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, enable_block_number_column = 1
comment 'Usage events of the product.';

create table if not exists stored_touchpoints (
    touchpoint_id  String comment 'Touchpoint.',
    account_id     String comment 'Account that was touched.',
    csm            LowCardinality(String) default '' comment 'Who touched it.',
    kind           Enum8('meeting' = 1, 'call' = 2, 'visit' = 3, 'email' = 4, 'webinar' = 5, 'review' = 6) comment 'Way of touching.',
    happened_at    DateTime64(3, 'UTC') comment 'When.' codec(Delta, ZSTD),
    with_executive Bool default false comment 'A decision maker took part.',
    sentiment      Enum8('' = 0, 'risk' = 1, 'neutral' = 2, 'opportunity' = 3) default '' comment 'Impression.',
    note           String default '' comment 'Note.' codec(ZSTD),
    source         LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn   UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at     DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at    DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (touchpoint_id, source)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Contacts with customers.';

create table if not exists stored_milestones (
    account_id   String comment 'Account.',
    milestone    Enum8('kickoff' = 1, 'setup' = 2, 'time_to_use' = 3, 'value_point_1' = 4, 'value_point_2' = 5, 'value_point_3' = 6, 'onboarded' = 7) comment 'Step of onboarding.',
    due_on       Nullable(Date) comment 'Deadline.',
    reached_on   Nullable(Date) comment 'Day on which it was reached; null: not yet.',
    valid_from   DateTime64(3, 'UTC') default updated_at comment 'From when on this row holds, up to the next one.' codec(Delta, ZSTD),
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at) order by (account_id, milestone, source, valid_from)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Onboarding steps of each account; versions are kept, so that re-planning does not improve the past.';

create table if not exists stored_opportunities (
    opportunity_id String comment 'Opportunity.',
    account_id     String comment 'Account.',
    kind           Enum8('upsell' = 1, 'cross_sell' = 2, 'extension' = 3, 'land' = 4, 'expand' = 5, 'renewal' = 6) comment 'What is to be sold.',
    originated_by  Enum8('' = 0, 'cs' = 1, 'ae' = 2, 'marketing' = 3, 'partner' = 4) default '' comment 'Who created it.',
    csm            LowCardinality(String) default '' comment 'CSM who created it.',
    amount         Nullable(Decimal(18, 4)) comment 'Annual amount, in its currency.',
    currency       LowCardinality(String) default '' comment 'ISO 4217 code; empty: the reporting currency.',
    stage          LowCardinality(String) default '' comment 'Stage of the sale.',
    created_on     Date comment 'Day on which it was created.',
    expected_on    Nullable(Date) comment 'Day on which it was planned to be decided; null: not planned.',
    closed_on      Nullable(Date) comment 'Day on which it was decided; null: open.',
    is_won         Nullable(Bool) comment 'How it was decided; null: not yet.',
    valid_from     DateTime64(3, 'UTC') default updated_at comment 'From when on this row holds, up to the next one.' codec(Delta, ZSTD),
    source         LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn   UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at     DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at    DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at) order by (opportunity_id, source, valid_from)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Sales opportunities with existing customers; versions are kept, so that the stage on a past day is known.';

create table if not exists stored_risks (
    risk_id      String comment 'Risk.',
    account_id   String comment 'Account.',
    csm          LowCardinality(String) default '' comment 'Who raised it.',
    kind         LowCardinality(String) comment 'champion_left, reorganisation, policy_change, budget, competitor, quality, or the company''s own.',
    severity     UInt8 comment '1 low, 2 medium, 3 high.',
    raised_on    Date comment 'Day on which it was seen.',
    closed_on    Nullable(Date) comment 'First day on which it no longer held; null: open.',
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (risk_id, source)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'The qualitative health check: risks that a person saw.';

create table if not exists stored_health_overrides (
    override_id  String comment 'Override.',
    account_id   String comment 'Account.',
    csm          LowCardinality(String) default '' comment 'Who decided it.',
    band         Enum8('red' = 1, 'yellow' = 2, 'green' = 3) comment 'Band that holds instead of the computed one.',
    reason       String comment 'Why.',
    starts_on    Date comment 'First day in force.',
    ends_before  Date comment 'First day no longer in force: an override expires.',
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (override_id, source)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Health bands that a person set by hand, with a reason and an end.';

create table if not exists stored_action_items (
    item_id      String comment 'Action item.',
    account_id   String comment 'Account.',
    csm          LowCardinality(String) default '' comment 'Who is to do it.',
    title        String default '' comment 'What is to be done.',
    due_on       Date comment 'Deadline.',
    done_on      Nullable(Date) comment 'Day on which it was done; null: not yet.',
    valid_from   DateTime64(3, 'UTC') default updated_at comment 'From when on this row holds, up to the next one.' codec(Delta, ZSTD),
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at) order by (item_id, source, valid_from)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'The response plan of each account and its to-dos.';

create table if not exists stored_tickets (
    ticket_id         String comment 'Ticket.',
    account_id        String comment 'Account.',
    severity          LowCardinality(String) default '' comment 'Severity, as the help desk names it.',
    is_complaint      Bool default false comment 'The customer complained.',
    opened_at         DateTime64(3, 'UTC') comment 'When it was opened.' codec(Delta, ZSTD),
    first_response_at Nullable(DateTime64(3, 'UTC')) comment 'First answer by a person; null: not yet.',
    resolved_at       Nullable(DateTime64(3, 'UTC')) comment 'When it was resolved; null: open.',
    valid_from        DateTime64(3, 'UTC') default updated_at comment 'From when on this row holds, up to the next one.' codec(Delta, ZSTD),
    source            LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn      UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at        DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at       DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at) order by (ticket_id, source, valid_from)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Support tickets; versions are kept, so that one that was opened again had been resolved before.';

create table if not exists stored_surveys (
    response_id  String comment 'Answer.',
    account_id   String comment 'Account.',
    user_id      String default '' comment 'Respondent.',
    kind         Enum8('nps' = 1, 'csat' = 2) comment 'Question: nps is answered from 0 to 10, csat from 1 to the highest score of its scale.',
    score        UInt8 comment 'Answer.',
    responded_at DateTime64(3, 'UTC') comment 'When it was given.' codec(Delta, ZSTD),
    scale        UInt8 default 0 comment 'Highest score of the scale: 3, 4, 5, 6, 7 or 10; 0: the setting csat_scale, of nps 10.',
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (response_id, source)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Survey answers.';

create table if not exists stored_engagements (
    engagement_id String comment 'Engagement.',
    account_id    String comment 'Account.',
    contact       String default '' comment 'Person at the customer.',
    kind          Enum8('email_delivered' = 1, 'email_opened' = 2, 'webinar_invited' = 3, 'webinar_attended' = 4, 'community' = 5) comment 'What happened.',
    happened_at   DateTime64(3, 'UTC') comment 'When.' codec(Delta, ZSTD),
    source        LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn  UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at    DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at   DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (engagement_id, source)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Reactions to mail, webinars and community.';

create table if not exists stored_feedback (
    feedback_id  String comment 'Feedback.',
    account_id   String comment 'Account it came from.',
    csm          LowCardinality(String) default '' comment 'Who brought it.',
    kind         Enum8('product_request' = 1, 'use_case_share' = 2, 'case_study' = 3) comment 'Sort of feedback.',
    created_on   Date comment 'Day on which it was brought.',
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (feedback_id, source)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'What CS brought back from customers.';

create table if not exists stored_value_reviews (
    review_id         String comment 'Review.',
    account_id        String comment 'Account.',
    reviewed_on       Date comment 'Day of the review.',
    outcome           String default '' comment 'What the customer gained.' codec(ZSTD),
    improvement_ratio Nullable(Float64) comment 'Improvement of the customer''s own measure; 0.2 is 20 %.',
    is_verified       Bool default false comment 'The customer confirmed it by fact.',
    source            LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn      UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at        DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at       DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (review_id, source)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Evidence of return on investment.';

create table if not exists stored_targets (
    kpi          LowCardinality(String) comment 'View and column, as in nrr.ratio.',
    segment      LowCardinality(String) default '' comment 'Segment; empty: the whole company.',
    starts_on    Date comment 'First day in force.',
    ends_before  Nullable(Date) comment 'First day no longer in force; null: until the next one.',
    target       Nullable(Float64) comment 'What is aimed for.',
    warning      Nullable(Float64) comment 'Where a warning begins.',
    critical     Nullable(Float64) comment 'Where it becomes critical.',
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (kpi, segment, starts_on, source)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'What boards draw and alerts compare with.';

create table if not exists stored_fx_rates (
    currency     LowCardinality(String) comment 'ISO 4217 code.',
    day          Date comment 'Day of the rate.',
    rate         Decimal(18, 8) comment 'Reporting currency for one unit of this currency.',
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (currency, day, source)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Exchange rates to the reporting currency; each fiscal year takes one of them per currency.';

create table if not exists stored_settings (
    name         LowCardinality(String) comment 'Setting, as listed in views/setting_definitions.sql.',
    segment      LowCardinality(String) default '' comment 'Segment it holds for; empty: all.',
    phase        LowCardinality(String) default '' comment 'Lifecycle phase it holds for; empty: all.',
    starts_on    Date default '1970-01-01' comment 'First day in force.',
    value        String comment 'Value.',
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (name, segment, phase, starts_on, source)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Policy, in force from a day on, so that past numbers stay.';

create table if not exists stored_user_accounts (
    user_id      String comment 'User, by any of the ids that events come with.',
    account_id   String comment 'Account that the user belongs to.',
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (user_id, source)
settings fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024
comment 'The account of each user, for events that do not name it; the latest one holds.';

create table if not exists stored_user_aliases (
    alias_id     String comment 'Another id of the user: a former one, or that of a browser or device before log-in.',
    user_id      String comment 'User.',
    is_anonymous Bool default false comment 'alias_id is that of a browser or device, on which several users may log in.',
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (alias_id, user_id, is_anonymous, source)
settings fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024
comment 'Ids that belong to the same user, who counts once on all days.';

create table if not exists stored_users (
    user_id      String comment 'User, by any of the ids that events come with.',
    email        String default '' comment 'E-mail address, to which the setting excluded_users applies as well as to the id.',
    is_excluded  Nullable(Bool) comment 'No user of an account: own staff, monitor, bot or test user; null: not said.',
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn UInt8 default 0 comment '1: the source took the fact back; it counts on no day.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (user_id, source)
settings fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024
comment 'Users, as far as it matters whether they count.';

create table if not exists stored_unattributed_events (
    event_id     String comment 'Event, unique within its source.',
    user_id      String comment 'User.',
    anonymous_id String default '' comment 'Another id that the event came with.',
    event        LowCardinality(String) comment 'What was done.',
    ts           DateTime64(3, 'UTC') comment 'When it was done.' codec(DoubleDelta, ZSTD),
    properties   String default '' comment 'Further properties, a JSON object.' codec(ZSTD),
    is_anonymous Bool default false comment 'user_id is that of a visitor who had not logged in.',
    source       LowCardinality(String) default 'import' comment 'System that the row came from.',
    is_withdrawn UInt8 default 0 comment '1: it is among the usage events now.',
    updated_at   DateTime64(3, 'UTC') default now64(3) comment 'Last change in the source.' codec(Delta, ZSTD),
    ingested_at  DateTime64(3, 'UTC') default now64(3) comment 'When the row was stored here.' codec(Delta, ZSTD)
) engine = ReplacingMergeTree(updated_at, is_withdrawn) order by (event_id, source)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Usage events of users whose account is not known yet; they become usage events when it is.';
