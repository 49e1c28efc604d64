-- Events that wait for the account of their user, where that is known now. What their own source says of the user goes before what others say, the
-- user's id before another one of the event, and that before others of the same user.

insert into stored_usage_events (event_id, account_id, user_id, event, ts, properties, is_anonymous, source, updated_at)
select
    event_id, argMax(m.account_id, (m.source = w.source, m.known_as = w.user_id, m.known_as = w.id, m.updated_at, m.account_id)) as account_id,
    any(w.user_id) as user_id, any(w.event) as event, any(w.ts) as ts, any(w.properties) as properties, any(w.is_anonymous) as is_anonymous, source, any(w.updated_at) as updated_at
from (
    select *, arrayJoin([user_id, anonymous_id]) as id
    from stored_unattributed_events final
    where toDate(ts) >= {refused:Date}
) as w
join (
    select s.id as id, a.user_id as known_as, a.account_id as account_id, a.source as source, a.updated_at as updated_at
    from (
        {same_users}
    ) as s
    join (select user_id, account_id, source, updated_at from stored_user_accounts final) as a on a.user_id = s.other_id
) as m on m.id = w.id
group by event_id, source
