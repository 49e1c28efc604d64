-- Ids that are excluded, of those about which something is said.

select distinct id
from (
    select user_id as id, ifNull(is_excluded, false) or match(lowerUTF8(email), {excluded:String}) or match(lowerUTF8(user_id), {excluded:String}) as is_out from stored_users final
    union all
    select arrayJoin([alias_id, user_id]) as id, match(lowerUTF8(id), {excluded:String}) as is_out from stored_user_aliases final
) as said
where is_out and id != ''
