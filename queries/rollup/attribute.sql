-- Events that wait for the account of their user, where that is known now. What their own source says of the user goes before what others say, and the
-- user's id before another one, as it does where the account of an event is known when it arrives.

insert into stored_usage_events (event_id, account_id, user_id, event, ts, properties, source, updated_at)
select
    event_id, argMax(m.account_id, (m.source = w.source, w.id = w.user_id, m.updated_at)) as account_id,
    any(w.user_id) as user_id, any(w.event) as event, any(w.ts) as ts, any(w.properties) as properties, source, any(w.updated_at) as updated_at
from (
    select *, arrayJoin([user_id, anonymous_id]) as id
    from stored_unattributed_events final
    where toDate(ts) >= {refused:Date}
) as w
join (
    select user_id, account_id, source, updated_at
    from stored_user_accounts final
    where user_id in (select arrayJoin([user_id, anonymous_id]) from stored_unattributed_events)
) as m on m.user_id = w.id
group by event_id, source
