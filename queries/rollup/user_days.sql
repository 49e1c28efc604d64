-- What each user did on those days, from all events of those days, and who that is.
-- A feature is the name of an event, or (other) for the names that are not kept apart (kept_names.sql).

insert into stored_usage_user_days (day, account_id, user_id, events, core_events, features, departments, last_at, is_anonymous, person_id, is_excluded, quantity_sums, quantity_events, quantity_maxima, version)
select
    day, account_id, d.user_id, events, core_events, features, departments, last_at, d.is_anonymous,
    multiIf(p.user_id != '', p.person_id, d.is_anonymous, '', d.user_id) as person_id,
    p.is_excluded or match(lowerUTF8(d.user_id), {excluded:String}) as is_excluded,
    quantity_sums, quantity_events, quantity_maxima,
    {version:UInt64} as version
from (
    select
        {day} as day, account_id, user_id,
        min(is_anonymous) as is_anonymous,
        count() as events,
        countIf(empty({core:Array(String)}) or has({core:Array(String)}, event)) as core_events,
        arraySort(arrayDistinct(groupArray({feature}))) as features,
        arraySort(arrayDistinct(groupArrayIf(department, department != ''))) as departments,
        max(ts) as last_at,
        sumMap(quantities) as quantity_sums, sumMap(mapApply((name, x) -> (name, toUInt64(1)), quantities)) as quantity_events, maxMap(quantities) as quantity_maxima
    from (
        select account_id, user_id, is_anonymous, event, ts,
            -- Most properties name no department. Where a name is escaped, only a parser finds it.
            if(position(properties, {department:String}) = 0 and position(properties, '\\') = 0, '', JSONExtractString(properties, {department:String})) as department,
            -- Names, and the properties of this event that are numbers, or texts that are.
            if(empty({quantities:Array(Tuple(name String, property String, event String))}), cast(([], []), 'Map(String, Decimal(38, 9))'), mapFromArrays(
                arrayMap(x -> x.1, arrayFilter(x -> x.2 is not null,
                    arrayMap(x -> (x.1, toDecimal128OrNull(trim(both '"' from JSONExtractRaw(properties, x.2)), 9)), arrayFilter(x -> x.3 in ('', event), {quantities:Array(Tuple(name String, property String, event String))})) as found)),
                arrayMap(x -> assumeNotNull(x.2), arrayFilter(x -> x.2 is not null, found)))) as quantities
        from stored_usage_events final
        where toDate(ts) in {utc_days:Array(Date)}
            and (
                (select count() from stored_usage_conflicts final where not is_kept) = 0
                or (source, event_id, payload_hash) not in (select source, event_id, payload_hash from stored_usage_conflicts final where not is_kept)
            )
            -- Of an event whose property says so, nothing counts.
            and ({property:String} = '' or if({property_value:String} = '',
                JSONExtractRaw(properties, {property:String}) in ('', 'false', '0', 'null', '""', '"false"', '"0"'),
                trim(both '"' from JSONExtractRaw(properties, {property:String})) != {property_value:String}))
    ) as events
    where day in {days:Array(Date)}
    group by day, account_id, user_id
) as d
left join (select user_id, person_id, is_excluded from stored_usage_people final) as p on p.user_id = d.user_id
settings max_partitions_per_insert_block = 0
