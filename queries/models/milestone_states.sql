-- Milestones of each account that ever paid: first and present deadline, and the day on which they were reached.
--
-- Deadlines are those of the versions by the end of as_of, else of the earliest known: what is planned later changes no
-- deadline of the past. The day reached is what was known then; where nothing was, what the last version says, since a late
-- entry tells of an earlier day.
--
-- Columns:
--   account_id key   Account.
--   milestone  key   Step of onboarding.
--   first_due  fact  Deadline that was planned first; 2149-06-06: none.
--   last_due   fact  Deadline planned at as_of; 2149-06-06: none.
--   reached_on fact  Day on which it was reached by as_of; 2149-06-06: not yet.
--   is_known   fact  1 where it was entered, due or reached by as_of.
--
-- Keep: 20s

select
    account_id, milestone,
    ifNull(arrayFirst(v -> v.2 is not null, known).2, toDate('2149-06-06')) as first_due,
    ifNull(known[-1].2, toDate('2149-06-06')) as last_due,
    ifNull(arrayFirst(d -> d <= {as_of:Date}, [known[-1].3, versions[-1].3]), toDate('2149-06-06')) as reached_on,
    toUInt8(versions[1].1 <= day_end or ifNull(versions[1].2, toDate('2149-06-06')) <= {as_of:Date} or reached_on <= {as_of:Date}) as is_known
from (
    select account_id, milestone, versions, day_end,
        if(versions[1].1 > day_end, arraySlice(versions, 1, 1), arrayFilter(v -> v.1 <= day_end, versions)) as known
    from (
        select account_id, toString(m.milestone) as milestone,
            arraySort(v -> (v.1, v.4), groupArray((updated_at, m.due_on, m.reached_on, toString(m.source)))) as versions
        from cs.milestones as m final
        where m.account_id in (select account_id from cs.contract_arr(as_of = {as_of:Date}))
        group by account_id, m.milestone
    ) as m
    cross join (
        select toDateTime64({as_of:Date} + 1, 3, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) - interval 1 millisecond as day_end
    ) as bounds
) as planned
