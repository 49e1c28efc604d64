-- Milestones of each account, as they were known from one day on until the next row.
--
-- Deadlines are those of the versions by the end of the day, else of the earliest known: what is planned later changes no
-- deadline of the past. The day reached is what was known then; where nothing was, what the last version says, since a late
-- entry may be about an earlier day.
--
-- Columns:
--   account_id key  Account.
--   since      key  First day on which this holds.
--   milestones fact By milestone: first and present deadline, the day on which it was reached by then (2149-06-06: none, not yet), and whether it was entered, due or reached by then, Map(String, Tuple(first_due Date, last_due Date, reached_on Date, is_known UInt8)).
--
-- Key: account_id, since

with
toDate('2149-06-06') as never,

planned as (
    select account_id, milestone, arraySort(v -> (v.1, v.4), groupArray((toDate(valid_from, {zone:String}), ifNull(due_on, never), ifNull(reached_on, never), (valid_from, toString(source))))) as versions
    from (
        select account_id, toString(m.milestone) as milestone, m.source as source, m.valid_from as valid_from, m.due_on as due_on, m.reached_on as reached_on,
            argMax(is_withdrawn, m.updated_at) over (partition by account_id, m.milestone, m.source) as is_gone
        from stored_milestones as m final
        where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}
    ) as stored
    where not is_gone
    group by account_id, milestone
),

breaks as (
    select account_id, arrayJoin(arrayFilter(d -> d != never, arrayPushFront(arrayDistinct(arrayFlatten(groupArray(arrayFlatten(arrayMap(v -> [v.1, v.2, v.3], versions))))), toDate(0)))) as since
    from planned
    group by account_id
)

select
    account_id, since,
    cast(
        (groupArray(milestone), groupArray((
            ifNull(arrayFirstOrNull(d -> d != never, arrayMap(v -> v.2, known)), never),
            known[-1].2,
            reached,
            toUInt8(versions[1].1 <= since or versions[1].2 <= since or reached <= since)))),
        'Map(String, Tuple(first_due Date, last_due Date, reached_on Date, is_known UInt8))') as milestones
from (
    select
        p.account_id as account_id, b.since as since, p.milestone as milestone, p.versions as versions,
        if(versions[1].1 > since, arraySlice(versions, 1, 1), arrayFilter(v -> v.1 <= since, versions)) as known,
        arrayFirst(d -> d <= since, [known[-1].3, versions[-1].3, never]) as first_reached,
        if(first_reached = toDate(0), never, first_reached) as reached
    from planned as p
    join breaks as b on b.account_id = p.account_id
) as at_break
group by account_id, since
