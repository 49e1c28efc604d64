-- Ids of users for whom it is to be found anew who they are: those of connections whose ends are not the same user, or that were taken back, and those of
-- whom it is said otherwise whether they are excluded.

select groupUniqArray(id) as ids
from (
    select arrayJoin([l.alias_id, l.user_id]) as id
    from (select alias_id, user_id from stored_user_aliases final) as l
    left join (select user_id, person_id from stored_usage_people final) as a on a.user_id = l.alias_id
    left join (select user_id, person_id from stored_usage_people final) as u on u.user_id = l.user_id
    where a.person_id = '' or a.person_id != u.person_id
    union all
    select arrayJoin([alias_id, user_id]) as id from stored_user_aliases where is_withdrawn
    union all
    select any(id) as any_id
    from (
        select id, max(person_id) as person_id, max(was_out) as was_out, max(is_out) as is_out
        from (
            select user_id as id, person_id, is_excluded as was_out, 0 as is_out from stored_usage_people final
            union all
            select id, '' as person_id, 0 as was_out, 1 as is_out from ({excluded_ids}) as excluded
        ) as by_id
        group by id
    ) as known
    group by if(person_id = '', id, person_id)
    having max(was_out) != max(is_out)
) as unsettled
where id != ''
