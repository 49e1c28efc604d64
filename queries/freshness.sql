-- Facts stored, and how recent they are.
-- ja: データの鮮度
--
-- Rows of each fact table that are dated up to the day, and the latest of them. Instants count by the reporting time zone;
-- a day stands for its midnight in UTC.
--
-- ja: 各表に保存されている、基準日までの行数と、最も新しい日時。日付だけの項目はUTCの午前0時とする。
--
-- Columns:
--   day                      key   Day.
--   table                    label Fact table.
--   latest_timestamp_seconds gauge Latest date among the facts up to the day, in seconds since 1970; none without facts.
--   rows                     gauge Rows dated up to the day, versions of the same row counted once each.
--
-- Group: Targets and data, 2
-- Every: 15m

select
    day, table,
    if(max(d.latest_at) > toDateTime64(0, 3, 'UTC'), toUnixTimestamp64Milli(max(d.latest_at)) / 1000, null) as latest_timestamp_seconds,
    sum(d.rows) as rows
from (
    select day, table, rows, latest_at from freshness_detail
    union all
    select day, arrayJoin([
        'accounts', 'action_items', 'contracts', 'engagements', 'feedback', 'fx_rates', 'health_overrides', 'milestones', 'opportunities', 'risks',
        'settings', 'surveys', 'targets', 'tickets', 'touchpoints', 'unattributed_events', 'usage_events', 'user_accounts', 'value_reviews']) as table,
        toUInt64(0) as rows, toDateTime64(0, 3, 'UTC') as latest_at
    from policy_days
) as d
group by day, table
