-- What is wrong with the names of the usage events of the 28 days up to each day.
--
-- Names that differ by nothing but a token with a digit, or a UUID, are one event with an id in its name.
--
-- Columns:
--   day    key  Day.
--   check  key  ids_in_event_names, many_event_names.
--   id     key  Shape of the names; day on which there were too many.
--   reason fact What is wrong.
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
)

select d.day as day, 'ids_in_event_names' as check, shape as id,
    concat(toString(countIf(shape != name)), ' names of this shape in 28 days, such as ', min(name), '; give the event one name and put the id into a property') as reason
from (
    select distinct day, name, replaceRegexpAll(replaceRegexpAll(name, '(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '*'), '[0-9A-Za-z]*[0-9][0-9A-Za-z]*', '*') as shape
    from used
    array join arrayFilter(x -> x between used_on and used_on + 27, {days:Array(Date)}) as day
) as d
group by day, shape
having countIf(shape != name) >= 50
union all
select day, 'many_event_names' as check, toString(used_on) as id, 'more names than the setting event_names keeps apart; those of the fewest users count as the feature (other)' as reason
from used
array join arrayFilter(x -> x between used_on and used_on + 27, {days:Array(Date)}) as day
where name = '(other)'
