-- The rows of each fact table, by the system that they came from.
--
-- Columns:
--   table     label Fact table.
--   source    key   System that the rows came from; empty for usage events, which are counted across systems.
--   rows      part  Rows dated up to as_of, versions of the same row counted once each.
--   latest_at fact  Latest date among them; 1970-01-01: none is dated.

with
-- The first instant after as_of, in the reporting time zone; from a date, because a day may have no midnight.
bounds as (
    select toDateTime64({as_of:Date} + 1, 3, (select timezone from cs.policy(as_of = {as_of:Date}))) as ends_at
),

facts as (
    select 'accounts' as name, source as system, uniqExact(account_id) as n, max(toDateTime64(ifNull(created_on, toDate(0)), 3, 'UTC')) as latest from cs.accounts where ifNull(created_on, toDate(0)) <= {as_of:Date} group by source
    union all
    select 'contracts' as name, source as system, count() as n, max(toDateTime64(starts_on, 3, 'UTC')) as latest from cs.contracts final where starts_on <= {as_of:Date} group by source
    union all
    select 'opportunities' as name, source as system, uniqExact(opportunity_id) as n, max(toDateTime64(created_on, 3, 'UTC')) as latest from cs.opportunities where created_on <= {as_of:Date} group by source
    union all
    select 'risks' as name, source as system, count() as n, max(toDateTime64(raised_on, 3, 'UTC')) as latest from cs.risks final where raised_on <= {as_of:Date} group by source
    union all
    select 'health_overrides' as name, source as system, count() as n, max(toDateTime64(starts_on, 3, 'UTC')) as latest from cs.health_overrides final where starts_on <= {as_of:Date} group by source
    union all
    select 'action_items' as name, source as system, uniqExact(item_id) as n, max(toDateTime64(due_on, 3, 'UTC')) as latest from cs.action_items where due_on <= {as_of:Date} group by source
    union all
    select 'feedback' as name, source as system, count() as n, max(toDateTime64(created_on, 3, 'UTC')) as latest from cs.feedback final where created_on <= {as_of:Date} group by source
    union all
    select 'value_reviews' as name, source as system, count() as n, max(toDateTime64(reviewed_on, 3, 'UTC')) as latest from cs.value_reviews final where reviewed_on <= {as_of:Date} group by source
    union all
    -- One that is not reached yet is dated by when it was planned.
    select 'milestones' as name, source as system, uniqExact(account_id, milestone) as n, max(toDateTime64(ifNull(reached_on, toDate(0)), 3, 'UTC')) as latest from cs.milestones
    where if(reached_on is null, updated_at < (select ends_at from bounds), reached_on <= {as_of:Date}) group by source
    union all
    select 'fx_rates' as name, source as system, count() as n, max(toDateTime64(day, 3, 'UTC')) as latest from cs.fx_rates final where day <= {as_of:Date} group by source
    union all
    select 'targets' as name, source as system, count() as n, max(toDateTime64(starts_on, 3, 'UTC')) as latest from cs.targets final where starts_on <= {as_of:Date} group by source
    union all
    select 'settings' as name, source as system, count() as n, max(toDateTime64(starts_on, 3, 'UTC')) as latest from cs.settings final where starts_on <= {as_of:Date} group by source
    union all
    -- Usage is taken from the roll-up, which does not tell systems apart. Where the time zone changed, a later event may be of an earlier day.
    select 'usage_events' as name, '' as system, n, latest from (select sum(events) as n, max(last_at) as latest from (
        select events, toDateTime64(0, 3, 'UTC') as last_at from cs.usage_days final where day <= {as_of:Date}
        union all
        select 0 as events, last_at from cs.usage_user_days final
        where day <= {as_of:Date} and day >= (select max(day) from cs.usage_days final where day <= {as_of:Date} and events > 0) - 2
    ) as usage) as used where n > 0
    union all
    select 'touchpoints' as name, source as system, count() as n, max(happened_at) as latest from cs.touchpoints final where happened_at < (select ends_at from bounds) group by source
    union all
    select 'tickets' as name, source as system, count() as n, max(opened_at) as latest from cs.tickets final where opened_at < (select ends_at from bounds) group by source
    union all
    select 'surveys' as name, source as system, count() as n, max(responded_at) as latest from cs.surveys final where responded_at < (select ends_at from bounds) group by source
    union all
    select 'engagements' as name, source as system, count() as n, max(happened_at) as latest from cs.engagements final where happened_at < (select ends_at from bounds) group by source
    union all
    select 'user_accounts' as name, source as system, count() as n, max(updated_at) as latest from cs.user_accounts final where updated_at < (select ends_at from bounds) group by source
)

select name as table, toString(system) as source, n as rows, latest as latest_at
from facts
