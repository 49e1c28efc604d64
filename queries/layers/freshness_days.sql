-- Facts of each table and system that are dated up to each day.
--
-- Versions of the same row count once, facts that were withdrawn do not. Instants count by the reporting time zone; a day stands
-- for its midnight in UTC. A milestone that is not reached yet is dated by when it was planned.
--
-- Columns:
--   day         key  Day.
--   table       key  Fact table.
--   source      key  System that the rows came from; empty for usage events, which are counted across systems.
--   rows        fact Rows dated up to the day.
--   latest_at   fact Latest date among them; 1970-01-01: none is dated.
--   latest_on   fact Its day; 1970-01-01: none is dated.
--   busy_days   fact Of the 28 days up to the latest one, those with a fact.
--   longest_gap fact Days between two of these, at most.
--
-- Key: day, table, source

with
arrayMin({days:Array(Date)}) as first_day,
arrayMax({days:Array(Date)}) as last_day,

-- Rows by the day from which on they count, and the latest instant of it.
dated as (
    -- Of what has versions, a row counts from the earliest day of any of them on.
    select name, system, x as on, uniqExactIf(id, x = first_on) as n, toDateTime64(x, 3, 'UTC') as latest
    from (
        select name, system, id, days, arrayMin(days) as first_on
        from (
            select 'accounts' as name, source as system, account_id as id, groupUniqArray(ifNull(created_on, toDate(0))) as days, argMax(is_withdrawn, (valid_from, updated_at)) as is_gone
            from stored_accounts final group by system, id
            union all
            select 'contracts' as name, source as system, contract_id as id, groupUniqArray(starts_on) as days, argMax(is_withdrawn, c.updated_at) as is_gone
            from stored_contracts as c final group by system, id
            union all
            select 'opportunities' as name, source as system, opportunity_id as id, groupUniqArray(created_on) as days, argMax(is_withdrawn, o.updated_at) as is_gone
            from stored_opportunities as o final group by system, id
            union all
            select 'action_items' as name, source as system, item_id as id, groupUniqArray(due_on) as days, argMax(is_withdrawn, i.updated_at) as is_gone
            from stored_action_items as i final group by system, id
            union all
            select 'staff' as name, source as system, staff_id as id, groupUniqArray(toDate(p.valid_from, {zone:String})) as days, argMax(is_withdrawn, p.updated_at) as is_gone
            from stored_staff as p final group by system, id
        ) as versions
        where not is_gone
    ) as rows
    array join days as x
    group by name, system, x
    union all
    select 'milestones' as name, system, x.1 as on, uniqExactIf(id, x.1 = first_on) as n, max(toDateTime64(x.2, 3, 'UTC')) as latest
    from (
        select
            source as system, (account_id, milestone) as id, groupUniqArray((ifNull(reached_on, toDate(valid_from, {zone:String})), ifNull(reached_on, toDate(0)))) as days,
            arrayMin(d -> d.1, days) as first_on
        from stored_milestones as m final
        group by system, id
        having not argMax(is_withdrawn, m.updated_at)
    ) as versions
    array join days as x
    group by system, on
    union all
    select name, system, on, n, toDateTime64(on, 3, 'UTC') as latest
    from (
        select 'risks' as name, source as system, raised_on as on, count() as n from stored_risks final group by system, on
        union all
        select 'health_overrides' as name, source as system, starts_on as on, count() as n from stored_health_overrides final group by system, on
        union all
        select 'feedback' as name, source as system, created_on as on, count() as n from stored_feedback final group by system, on
        union all
        select 'value_reviews' as name, source as system, reviewed_on as on, count() as n from stored_value_reviews final group by system, on
        union all
        select 'fx_rates' as name, source as system, day as on, count() as n from stored_fx_rates final group by system, on
        union all
        select 'targets' as name, source as system, starts_on as on, count() as n from stored_targets final group by system, on
        union all
        select 'settings' as name, source as system, starts_on as on, count() as n from stored_settings final group by system, on
    ) as by_day
    union all
    select name, system, on, n, latest
    from (
        select 'touchpoints' as name, source as system, toDate(happened_at, {zone:String}) as on, count() as n, max(happened_at) as latest from stored_touchpoints final group by system, on
        union all
        select 'tickets' as name, system, toDate(opened_at, {zone:String}) as on, count() as n, max(opened_at) as latest
        from (
            select source as system, argMax(t.opened_at, (t.valid_from, t.updated_at)) as opened_at
            from stored_tickets as t
            group by system, ticket_id
            having not argMax(is_withdrawn, t.updated_at)
        ) as tickets
        group by system, on
        union all
        select 'surveys' as name, source as system, toDate(responded_at, {zone:String}) as on, count() as n, max(responded_at) as latest from stored_surveys final group by system, on
        union all
        select 'engagements' as name, source as system, toDate(happened_at, {zone:String}) as on, count() as n, max(happened_at) as latest from stored_engagements final group by system, on
        union all
        select 'user_accounts' as name, source as system, toDate(updated_at, {zone:String}) as on, count() as n, max(updated_at) as latest from stored_user_accounts final group by system, on
        union all
        select 'user_aliases' as name, source as system, toDate(updated_at, {zone:String}) as on, count() as n, max(updated_at) as latest from stored_user_aliases final group by system, on
        union all
        select 'users' as name, source as system, toDate(updated_at, {zone:String}) as on, count() as n, max(updated_at) as latest from stored_users final group by system, on
        union all
        select 'unattributed_events' as name, source as system, toDate(ts, {zone:String}) as on, count() as n, max(ts) as latest from stored_unattributed_events final group by system, on
    ) as by_instant
    union all
    -- Usage is taken from the roll-up, which does not tell systems apart.
    select 'usage_events' as name, '' as system, day as on, sum(u.events) as n, toDateTime64(0, 3, 'UTC') as latest
    from stored_usage_totals as u final
    where u.events > 0
    group by on
    union all
    -- Where the time zone changed, a later event may be of an earlier day.
    select 'usage_events' as name, '' as system, day as on, toUInt64(0) as n, max(last_at) as latest
    from stored_usage_account_days final
    where day <= last_day and day + 2 >= (select max(day) from stored_usage_totals final where day <= first_day and events > 0)
    group by on
)

select
    day, table, source, rows, latest_at,
    arrayMax(arrayPushFront(dates, toDate(0))) as latest_on,
    length(arrayFilter(x -> x > latest_on - 28, dates) as busy) as busy_days,
    toUInt16(arrayMax(arrayPushFront(arrayDifference(arraySort(busy)), 0))) as longest_gap
from (
    select d.day as day, f.name as table, toString(f.system) as source, sum(f.n) as rows, max(f.latest) as latest_at, groupUniqArrayIf(toDate(f.on), f.n > 0 and f.on > toDate(0)) as dates
    from dated as f
    cross join (select arrayJoin({days:Array(Date)}) as day) as d
    where f.on <= d.day
    group by day, table, source
    having rows > 0
) as counted
