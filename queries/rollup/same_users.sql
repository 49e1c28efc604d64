-- The ids of events that wait for the account of their user, each beside itself and all others of the same user.

select id, arrayJoin(arrayDistinct(arrayPushBack(arrayFilter(x -> x != '', groupArray(o.user_id)), id))) as other_id
from (select distinct arrayJoin([user_id, anonymous_id]) as id from stored_unattributed_events final) as w
left join (
    select user_id, person_id from stored_usage_people final
    where user_id in (select arrayJoin([user_id, anonymous_id]) from stored_unattributed_events)
) as p on p.user_id = w.id
left join (
    select user_id, person_id from stored_usage_people final
    where person_id in (
        select person_id from stored_usage_people
        where user_id in (select arrayJoin([user_id, anonymous_id]) from stored_unattributed_events)
    )
) as o on o.person_id = p.person_id
where id != ''
group by id
