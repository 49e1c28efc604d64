-- Ids that belong to the same user, as pairs.

select alias_id, user_id, min(is_anonymous) as is_weak
from stored_user_aliases final
where alias_id not in ('', user_id) and user_id != ''
group by alias_id, user_id
order by alias_id, user_id
