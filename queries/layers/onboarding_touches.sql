-- Human touches of each account up to the day on which it was onboarded.
--
-- A human touch is a meeting, call, visit or review. An account has a row for each day that was ever known as the one on which
-- it was onboarded: that of the milestone onboarded, or of the last of the three value points.
--
-- Columns:
--   account_id   key  Account.
--   onboarded_on key  Day on which it was onboarded.
--   touches      fact Human touches by the end of that day.
--   touched_on   fact Day of the first of them; 1970-01-01: none.
--
-- Key: account_id, onboarded_on

select
    o.account_id as account_id, o.onboarded_on as onboarded_on,
    arrayCount(d -> d <= o.onboarded_on, t.touched) as touches,
    if(touches = 0, toDate(0), arrayMin(t.touched)) as touched_on
from (
    select distinct
        account_id,
        arrayJoin(arrayFilter(d -> d != toDate('2149-06-06'), if(
            mapContains(m.milestones, 'onboarded'), [m.milestones['onboarded'].3],
            [arrayMax(x -> if(mapContains(m.milestones, x), m.milestones[x].3, toDate('2149-06-06')), ['value_point_1', 'value_point_2', 'value_point_3'])]))) as onboarded_on
    from milestone_spans as m
    where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}
) as o
left join (
    select account_id, groupArray(toDate(happened_at, {zone:String})) as touched
    from stored_touchpoints final
    where kind in ('meeting', 'call', 'visit', 'review') and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    group by account_id
) as t on t.account_id = o.account_id
