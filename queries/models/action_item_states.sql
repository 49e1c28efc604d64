-- Action items that were entered, due or done by as_of, as they stood then.
--
-- The version at the end of as_of counts, else the earliest known. When an item was done its last version may tell later.
-- An item is open until it is done.
--
-- Columns:
--   item_id      key   Action item.
--   source       key   System that the item came from.
--   account_id   key   Account.
--   csm          fact  Who is to do it; empty: the item names nobody.
--   title        fact  What is to be done.
--   first_due_on fact  Deadline that was planned first.
--   due_on       fact  Deadline as planned at as_of.
--   done_on      fact  Day on which it was done by as_of; 2149-06-06: not yet.
--   is_open      fact  1 where it is not done.
--
-- Keep: 20s

select
    item_id, source, known.5 as account_id, known.3 as csm, known.4 as title,
    versions[1].2 as first_due_on, known.2 as due_on,
    -- As it was known then, else as it was entered later.
    multiIf(known.6 <= {as_of:Date}, known.6, versions[-1].6 <= {as_of:Date}, versions[-1].6, toDate('2149-06-06')) as done_on,
    toUInt8(done_on > {as_of:Date}) as is_open
from (
    select item_id, source, versions, as_of_end,
        if(versions[1].1 > as_of_end, versions[1], arrayLast(v -> v.1 <= as_of_end, versions)) as known
    from (
        select item_id, toString(t.source) as source,
            arraySort(v -> v.1, groupArray((updated_at, t.due_on, toString(t.csm), t.title, t.account_id, ifNull(t.done_on, toDate('2149-06-06'))))) as versions
        from cs.action_items as t final
        where t.account_id not in (select account_id from cs.accounts final group by account_id having argMax(is_test, updated_at))
        group by item_id, source
    ) as all_versions
    cross join (
        select toDateTime64({as_of:Date} + 1, 3, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) - interval 1 millisecond as as_of_end
    ) as bounds
) as at_day
where versions[1].1 <= as_of_end or versions[1].2 <= {as_of:Date} or done_on <= {as_of:Date}
