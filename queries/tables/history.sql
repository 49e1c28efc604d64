-- KPIs of days that have closed, as they were computed, and computed again when facts arrived late. Every table here can be
-- computed again from the facts, but for what was known when: that is why all versions are kept.

-- A version is written where it differs from the one before it, so what was known at an instant is the row with the latest
-- computed_at up to then. By month, since exports go month by month; within it by series, whose days are much alike.
create table if not exists kpi_daily (
    view         LowCardinality(String) comment 'KPI, by the name of its file and metrics.',
    column       LowCardinality(String) comment 'Column of the KPI: a gauge or a histogram.',
    labels       Map(LowCardinality(String), String) comment 'Labels, sorted by name.',
    as_of        Date comment 'Day of the value; it stands for the end of that day in the reporting zone.',
    value        Nullable(Float64) comment 'Value of a gauge; null: a series that had a value has none any more.' codec(ZSTD),
    distribution Tuple(Array(Float64), Array(UInt64), Float64, Map(Int32, UInt64), UInt64) comment 'Value of a histogram, as the KPI gave it: bounds, cumulative counts, sum, native buckets, zeros; empty arrays: a gauge, or a series that has no value any more.' codec(ZSTD),
    computed_at  DateTime64(3, 'UTC') comment 'When the computation began that found it.' codec(Delta, ZSTD),
    series       UInt64 materialized cityHash64(toString(labels)) comment 'Hash of the labels.'
) engine = MergeTree partition by toYYYYMM(as_of) order by (view, column, series, as_of, computed_at)
comment 'Values of the KPIs on past days; all versions of each.';

-- Written when the rows of the run are in kpi_daily, so what has no run is to be computed, again if need be.
create table if not exists kpi_runs (
    view        LowCardinality(String) comment 'KPI, by the name of its file and metrics.',
    as_of       Date comment 'Day of the value; it stands for the end of that day in the reporting zone.',
    computed_at DateTime64(3, 'UTC') comment 'When the computation began.' codec(Delta, ZSTD),
    definition  LowCardinality(String) comment 'Hash of the text that was computed, down to the tables, and of the functions that it calls.',
    settings    LowCardinality(String) comment 'Hash of the settings up to the day.',
    known_until DateTime64(3, 'UTC') comment 'All facts stored up to here were seen.' codec(Delta, ZSTD),
    rows        UInt64 comment 'Rows that were taken.',
    refused     UInt64 comment 'Rows that were refused, as the exporter refuses them.',
    changed     UInt64 comment 'Series whose value differs from the run before, those that came and went included; of the first run, all.',
    reason      Enum8('first' = 1, 'definition' = 2, 'settings' = 3, 'facts' = 4, 'asked' = 5) comment 'Why it was computed: for the first time, or because of what had changed; asked: by somebody.',
    facts       Array(Tuple(`table` LowCardinality(String), rows UInt64, first_on Date, last_on Date)) comment 'Facts that arrived since the run before, up to the day: table, rows, first and last day that they touch; 1970-01-01: since ever.'
) engine = MergeTree order by (view, as_of, computed_at)
comment 'Computations of the KPIs on past days.';
