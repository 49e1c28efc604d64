-- Ids that belong to the same user, as pairs.

select groupArray(alias_id) as aliases, groupArray(user_id) as users, groupArray(is_weak) as weak
from (
    select alias_id, user_id, min(is_anonymous) as is_weak
    from stored_user_aliases final
    where alias_id not in ('', user_id) and user_id != '' and {theirs}
    group by alias_id, user_id
) as links
