-- What is wrong with the names of the usage events of the 28 days up to each day.
--
-- Names that differ by nothing but a token with a digit, or a UUID, are one event with an id in its name. A core event that no
-- customer sent in these 28 days, while they sent others, has perhaps another name now; one that is spelt alike is named.
--
-- Columns:
--   day      key  Day.
--   check    key  ids_in_event_names, many_event_names, core_event_missing.
--   id       key  Shape of the names; day on which there were too many; core event.
--   reason   fact What is wrong.
--   affected fact Names; accounts that sent other events; null: one row.
--   unit     fact names, accounts.
--
-- Key: day, check, id

with
used as (
    select day as used_on, toString(feature) as name
    from (
        select day, arrayJoin(groupUniqArrayArray(u.features)) as feature
        from stored_usage_user_days as u final
        where day > arrayMin({days:Array(Date)}) - 28 and day <= arrayMax({days:Array(Date)}) and not is_excluded
        group by day
    ) as names
),

-- The core events in force on each day.
cores as (
    select day, arrayJoin(arrayFilter(c -> c != '', arrayMap(c -> trimBoth(c), splitByChar(',', core_events)))) as core
    from (
        select d.day as day, argMax(s.value, (s.starts_on, s.updated_at, s.ingested_at)) as core_events
        from (select arrayJoin({days:Array(Date)}) as day) as d
        cross join (select starts_on, value, updated_at, ingested_at from stored_settings final where name = 'core_events') as s
        where s.starts_on <= d.day
        group by day
    ) as in_force
),

-- What customers sent in the 28 days.
sent as (
    select day, arraySort(groupUniqArrayArray(s.names)) as names, uniqExact(account_id) as accounts, arraySlice(arraySort(groupUniqArray(account_id)), 1, 5) as some
    from (
        select day as used_on, account_id, groupUniqArrayArray(cast(u.features, 'Array(String)')) as names
        from stored_usage_user_days as u final
        where day > arrayMin({days:Array(Date)}) - 28 and day <= arrayMax({days:Array(Date)}) and account_id not in (select account_id from test_accounts)
            and (select count() from stored_settings final where name = 'core_events' and value != '') > 0
        group by used_on, account_id
    ) as s
    array join arrayFilter(x -> x between used_on and used_on + 27, {days:Array(Date)}) as day
    group by day
)

select d.day as day, 'ids_in_event_names' as check, shape as id,
    concat(toString(countIf(shape != name)), ' names of this shape in 28 days, such as ', min(name), '; give the event one name and put the id into a property') as reason,
    toNullable(toDecimal128(countIf(shape != name), 4)) as affected, 'names' as unit
from (
    select distinct day, name, replaceRegexpAll(replaceRegexpAll(name, '(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '*'), '[0-9A-Za-z]*[0-9][0-9A-Za-z]*', '*') as shape
    from used
    array join arrayFilter(x -> x between used_on and used_on + 27, {days:Array(Date)}) as day
) as d
group by day, shape
having countIf(shape != name) >= 50
union all
select day, 'many_event_names' as check, toString(used_on) as id, 'more names than the setting event_names keeps apart; those of the fewest users count as the feature (other)' as reason, null as affected, '' as unit
from used
array join arrayFilter(x -> x between used_on and used_on + 27, {days:Array(Date)}) as day
where name = '(other)'
union all
select
    c.day as day, 'core_event_missing' as check, core as id,
    concat('no customer has sent it since ', toString(day - 27), '; ', arrayStringConcat(s.some, ', '), if(s.accounts > 5, ' and others', ''), ' sent ',
        arrayStringConcat(arraySlice(s.names, 1, 5), ', '), if(length(s.names) > 5, ' and others', ''), if(empty(alike), '', concat(': perhaps it is called ', alike[1], ' now'))) as reason,
    toDecimal128(s.accounts, 4) as affected, 'accounts' as unit
from (select day, core, lowerUTF8(replaceRegexpAll(core, '[^\\p{L}\\p{N}]+', '')) as spelt from cores) as c
join (select day, names, some, accounts, arrayMap(n -> lowerUTF8(replaceRegexpAll(n, '[^\\p{L}\\p{N}]+', '')), names) as spellings from sent) as s on s.day = c.day
array join [arrayFilter((n, l) -> l = c.spelt, s.names, s.spellings)] as alike
where not has(s.names, core)
