-- The accounts behind the time to the first core event.
--
-- One row per account and time that any of its users took, or was watched.
--
-- Columns:
--   day            key   Day.
--   segment        label Touch model.
--   account_id     key   Account.
--   seconds        key   From the first event to the first core event, else for how long they were watched.
--   reached_users  part  Users who got there after that time.
--   censored_users part  Users who were watched for that time and did not get there.
--   csm            fact  Owner.

select
    day, segment, account_id, 86400 * dateDiff('day', user.1, if(is_reached, user.2, watched_until)) as seconds,
    countIf(is_reached) as reached_users, countIf(not is_reached) as censored_users, any(u.csm) as csm
from (
    select
        s.day as day, s.segment as segment, s.account_id as account_id, s.csm as csm, least(s.left_on, w.used_until) as watched_until,
        arrayJoin(arrayFilter(u -> u.1 <= watched_until and u.1 > w.used_until - 365, h.users)) as user,
        user.2 > toDate(0) and user.2 <= watched_until as is_reached
    from account_days as s
    join usage_days as w on w.day = s.day and w.account_id = s.account_id
    join (select account_id, arrayZip(first_on, first_core_on) as users from user_histories) as h on h.account_id = s.account_id
) as u
group by day, segment, account_id, seconds
