-- Facts stored, and how recent they are.
-- ja: データの鮮度
--
-- Rows of each fact table that are dated up to as_of, and the latest of them. Instants count by the reporting time zone;
-- a day stands for its midnight in UTC.
--
-- Columns:
--   table                    label Fact table.
--   latest_timestamp_seconds gauge Latest date among the facts up to as_of, in seconds since 1970; none without facts.
--   rows                     gauge Rows dated up to as_of, versions of the same row counted once each.
--
-- Every: 15m

with
-- The first instant after as_of, in the reporting time zone; from a date, because a day may have no midnight.
bounds as (
    select toDateTime64({as_of:Date} + 1, 3, (select timezone from cs.policy(as_of = {as_of:Date}))) as ends_at
),

facts as (
    select 'accounts' as name, uniqExact(account_id, source) as n, max(toDateTime64(ifNull(created_on, toDate(0)), 3, 'UTC')) as latest from cs.accounts where ifNull(created_on, toDate(0)) <= {as_of:Date}
    union all
    select 'contracts' as name, count() as n, max(toDateTime64(starts_on, 3, 'UTC')) as latest from cs.contracts final where starts_on <= {as_of:Date}
    union all
    select 'opportunities' as name, uniqExact(opportunity_id, source) as n, max(toDateTime64(created_on, 3, 'UTC')) as latest from cs.opportunities where created_on <= {as_of:Date}
    union all
    select 'risks' as name, count() as n, max(toDateTime64(raised_on, 3, 'UTC')) as latest from cs.risks final where raised_on <= {as_of:Date}
    union all
    select 'action_items' as name, uniqExact(item_id, source) as n, max(toDateTime64(due_on, 3, 'UTC')) as latest from cs.action_items where due_on <= {as_of:Date}
    union all
    select 'feedback' as name, count() as n, max(toDateTime64(created_on, 3, 'UTC')) as latest from cs.feedback final where created_on <= {as_of:Date}
    union all
    select 'value_reviews' as name, count() as n, max(toDateTime64(reviewed_on, 3, 'UTC')) as latest from cs.value_reviews final where reviewed_on <= {as_of:Date}
    union all
    -- One that is not reached yet is dated by when it was planned.
    select 'milestones' as name, uniqExact(account_id, milestone, source) as n, max(toDateTime64(ifNull(reached_on, toDate(0)), 3, 'UTC')) as latest from cs.milestones
    where if(reached_on is null, updated_at < (select ends_at from bounds), reached_on <= {as_of:Date})
    union all
    select 'fx_rates' as name, count() as n, max(toDateTime64(day, 3, 'UTC')) as latest from cs.fx_rates final where day <= {as_of:Date}
    union all
    select 'targets' as name, count() as n, max(toDateTime64(starts_on, 3, 'UTC')) as latest from cs.targets final where starts_on <= {as_of:Date}
    union all
    select 'settings' as name, count() as n, max(toDateTime64(starts_on, 3, 'UTC')) as latest from cs.settings final where starts_on <= {as_of:Date}
    union all
    select 'usage_events' as name, count() as n, max(ts) as latest from cs.usage_events final where ts < (select ends_at from bounds)
    union all
    select 'touchpoints' as name, count() as n, max(happened_at) as latest from cs.touchpoints final where happened_at < (select ends_at from bounds)
    union all
    select 'tickets' as name, count() as n, max(opened_at) as latest from cs.tickets final where opened_at < (select ends_at from bounds)
    union all
    select 'surveys' as name, count() as n, max(responded_at) as latest from cs.surveys final where responded_at < (select ends_at from bounds)
    union all
    select 'engagements' as name, count() as n, max(happened_at) as latest from cs.engagements final where happened_at < (select ends_at from bounds)
)

select
    name as table,
    if(n = 0 or latest <= toDateTime64(0, 3, 'UTC'), null, toUnixTimestamp64Milli(latest) / 1000) as latest_timestamp_seconds,
    n as rows
from facts
order by table
