-- How each account stood at the end of each day, as it was computed: what boards and analysts ask of many accounts or many days.
-- The model account_day says the same of any day from the facts, but takes seconds. Today's rows are stored again and again
-- while it goes on, those of past days when their KPIs are computed again.

create table if not exists cs.account_days (
    day            Date comment 'Day at whose end, in the reporting zone, the account stands so.',
    account_id     String comment 'Account.',
    name           String comment 'Display name.',
    segment        LowCardinality(String) comment 'Touch model.',
    csm            LowCardinality(String) comment 'Owner; (none): nobody.',
    phase          LowCardinality(String) comment 'Lifecycle phase.',
    arr            Decimal(38, 12) comment 'ARR in the reporting currency.' codec(ZSTD),
    notice_arr     Decimal(38, 12) comment 'ARR of the contracts that have given notice.' codec(ZSTD),
    at_risk_arr    Decimal(38, 12) comment 'ARR at risk in all.' codec(ZSTD),
    reason         LowCardinality(String) comment 'Why the ARR without notice is at risk: usage, qualitative, both; empty: it is not.',
    band           LowCardinality(String) comment 'Health band: red, yellow, green, unknown.',
    score          Nullable(Float64) comment 'Health score, 0 to 100; null where nothing is measured.',
    measured_ratio Float64 comment 'Share of the weight of the measures that is measured.',
    scored_band    LowCardinality(String) comment 'Band by the score alone.',
    severity       UInt8 comment 'Highest severity of an open risk; 0: none.',
    overridden     String comment 'Reason of the band set by hand; empty: none is.',
    worst          Array(String) comment 'The three measures that cost most points, with their scores.' codec(ZSTD),
    drivers        Array(Tuple(measure LowCardinality(String), dimension LowCardinality(String), value Nullable(Float64), measured_on Nullable(Date), score Nullable(Float64), weight Float64, contribution Float64)) comment 'Measures; of those missing value and score are null and the contribution is 0.' codec(ZSTD),
    due_on         Nullable(Date) comment 'First day on which one of its contracts ends; null: none does.',
    planned_items  UInt64 comment 'Action items that are open.',
    signals        Array(LowCardinality(String)) comment 'Of a green account, where it has room to grow, as in expansion_signals.',
    computed_at    DateTime64(3, 'UTC') comment 'When the computation began that found it.' codec(Delta, ZSTD),
    is_gone        UInt8 comment '1: it did not pay on that day, as was found when the day was computed again.'
) engine = ReplacingMergeTree(computed_at, is_gone) partition by toYear(day) order by (account_id, day)
comment 'How each paying account stood at the end of each day, as last computed; read it with final.';
