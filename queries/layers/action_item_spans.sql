-- Action items as they stood from one day on until another: the days on which an item is open, was due in the last 90 days or is overdue.
--
-- The version at the end of a day counts, else the earliest known. When an item was done its last version may tell later. An
-- item is open until it is done. Nothing that is here changes from since until the day before `before`, so what stands on a
-- day are the rows with since <= day < before.
--
-- Columns:
--   account_id   key  Account.
--   source       key  System that the item came from.
--   item_id      key  Action item.
--   since        key  First day on which this holds.
--   before       fact First day on which it no longer holds.
--   csm          fact Who is to do it; where the item names nobody, the owner of the account on the day it was due; (none): nobody.
--   title        fact What is to be done.
--   first_due_on fact Deadline that was planned first.
--   due_on       fact Deadline as planned.
--   done_on      fact Day on which it was done; 2149-06-06: not yet.
--   is_open      fact 1 where it is not done.
--   was_due      fact 1 where it was first due in the last 90 days.
--   is_overdue   fact 1 where its deadline has passed and it is not done.
--
-- Key: account_id, source, item_id, since

with
toDate('2149-06-06') as never,

items as (
    select
        source, item_id, arraySort(v -> v.1, groupArray((t.valid_from, toDate(t.valid_from, {zone:String}), t.due_on, toString(t.csm), t.title, t.account_id, ifNull(t.done_on, never)))) as versions,
        argMax(t.is_withdrawn, t.updated_at) as is_gone
    from (
        select *, toString(s.source) as source from stored_action_items as s final
        where empty({accounts:Array(String)}) or (s.source, s.item_id) in (select x.source, x.item_id from stored_action_items as x where x.account_id in {accounts:Array(String)})
    ) as t
    group by source, item_id
    having not is_gone
),

-- Every day on which anything changes.
breaks as (
    select
        source, item_id, versions, since,
        if(versions[1].2 > since, versions[1], arrayLast(v -> v.2 <= since, versions)) as known
    from (
        select
            i.source as source, i.item_id as item_id, i.versions as versions,
            arrayJoin(arrayFilter(d -> d != never, arrayDistinct(arrayConcat(
                o.changes, [versions[1].3 + 90],
                arrayFlatten(arrayMap(v -> [v.2, v.3, v.3 + 1, v.7], i.versions)))))) as since
        from items as i
        left join (
            select x.source as source, x.item_id as item_id, groupArray(s.since) as changes
            from (select source, item_id, arrayJoin(arrayDistinct(arrayMap(v -> v.6, i.versions))) as account_id from items as i) as x
            join account_spans as s on s.account_id = x.account_id
            where s.since > toDate(0)
            group by source, item_id
        ) as o on o.source = i.source and o.item_id = i.item_id
    ) as at_break
),

states as (
    select
        source, item_id, since, known.6 as account_id, known.4 as assigned, known.5 as title, versions[1].3 as first_due_on, known.3 as due_on,
        -- As it was known then, else as it was entered later.
        multiIf(known.7 <= since, known.7, versions[-1].7 <= since, versions[-1].7, never) as done_on,
        toUInt8(done_on > since) as is_open,
        toUInt8(first_due_on > since - 90 and first_due_on <= since) as was_due,
        toUInt8(due_on < since and is_open) as is_overdue,
        versions[1].2 <= since or versions[1].3 <= since or done_on <= since as is_known,
        leadInFrame(since, 1, never) over (partition by source, item_id order by since rows between unbounded preceding and unbounded following) as before
    from breaks
)

select
    s.account_id as account_id, s.source as source, s.item_id as item_id, s.since as since, s.before as before,
    multiIf(n.csm != '', n.csm, s.assigned != '', s.assigned, o.csm != '', o.csm, '(none)') as csm,
    s.title as title, s.first_due_on as first_due_on, s.due_on as due_on, s.done_on as done_on, s.is_open as is_open, s.was_due as was_due, s.is_overdue as is_overdue
from (
    select *, least(first_due_on, since) as owned_on from states
    where is_known and (is_open or was_due) and account_id not in (select account_id from test_accounts)
) as s
left join staff_names as n on n.name = cs_name_key(s.assigned)
asof left join account_spans as o on o.account_id = s.account_id and o.since <= s.owned_on
