-- Users of each account that ever paid: when each was first seen, and in which weeks and months it was active.
--
-- A user is active with an event that counts as use (setting core_events), and is a user of one account, whatever ids the events came with
-- (user_aliases). Own staff, monitors and bots count nowhere. Weeks and months begin with what was used once the account paid, as first_uses does.
-- Days that are rolled up stay when their events are deleted, so that nobody becomes new again. It covers usage up to the last whole
-- day, and is the same all day long, whatever arrives about the running one. Each user has the same place in all arrays.
--
-- Columns:
--   account_id    key  Account.
--   first_on      fact Days of the first event of each user, Array(Date).
--   first_core_on fact Days of the first event of each user that counts as use; 1970-01-01: none; Array(Date).
--   weeks         fact Mondays of the weeks in which each user was active, in order, Array(Array(Date)).
--   months        fact First days of the months in which each user was active, in order, Array(Array(Date)).
--
-- Key: account_id

select
    account_id,
    arrayMap(u -> u.1, users) as first_on, arrayMap(u -> u.2, users) as first_core_on,
    arrayMap(u -> arrayCompact(arrayMap(d -> toMonday(d), u.3)), users) as weeks,
    arrayMap(u -> arrayCompact(arrayMap(d -> toStartOfMonth(d), u.3)), users) as months
from (
    -- In order, so that the same facts give the same rows.
    select account_id, arraySort(groupArray((first_on, active_days[1], arrayFilter(d -> d >= p.first_paid_on, active_days)))) as users
    from (
        select account_id, min(day) as first_on, arraySort(groupArrayIf(day, core_events > 0)) as active_days
        from stored_usage_user_days final
        where day <= {whole:Date} and person_id != '' and not is_excluded and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        group by account_id, person_id
    ) as u
    join (
        select account_id, min(counts_from) as first_paid_on
        from contract_terms
        where acv > 0 and counts_from < counts_before and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        group by account_id
        having first_paid_on <= {whole:Date}
    ) as p on p.account_id = u.account_id
    group by account_id
) as by_account
