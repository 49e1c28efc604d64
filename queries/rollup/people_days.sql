-- What those users did, with who they are now. They are users whose ids were merged or divided, and those who are excluded now or were before.

insert into stored_usage_user_days (day, account_id, user_id, events, core_events, features, departments, last_at, is_anonymous, person_id, is_excluded, quantity_sums, quantity_events, quantity_maxima, version)
select
    day, account_id, d.user_id, events, core_events, features, departments, last_at, d.is_anonymous,
    multiIf(p.user_id != '', p.person_id, d.is_anonymous, '', d.user_id) as person_id,
    p.is_excluded or match(lowerUTF8(d.user_id), {excluded:String}) as is_excluded,
    quantity_sums, quantity_events, quantity_maxima,
    {version:UInt64} as version
from (select * from stored_usage_user_days final where day in {days:Array(Date)} and {theirs} and {changed}) as d
left join (select user_id, person_id, is_excluded from stored_usage_people final where {changed}) as p on p.user_id = d.user_id
settings max_partitions_per_insert_block = 0
