-- Onboarding of every account that ever paid: its deadline, and the day on which it was done.
--
-- The deadline is the first one that was planned for the milestone onboarded, whatever it was moved to later; where none
-- was planned, it is onboarding_days after the first paid day. An account is onboarded when that milestone is reached, or,
-- where there is none, when all three value points are.
--
-- Columns:
--   account_id     key   Account.
--   segment        label Touch model by what it paid on its first day.
--   first_paid_on  fact  First day on which it ever paid.
--   left_on        fact  First day without ARR by as_of, of an account that does not pay at as_of; 2149-06-06: still pays.
--   due_on         fact  Deadline.
--   planned_due_on fact  Deadline as planned at as_of; the same unless it was moved.
--   onboarded_on   fact  Day on which it was onboarded by as_of; 2149-06-06: not yet.
--   is_in_progress fact  1 where it pays, is not onboarded, and its deadline as planned at as_of is still ahead or today.
--
-- Keep: 20s

select
    account_id, segment, first_paid_on, left_on, due_on, planned_due_on, onboarded_on,
    toUInt8(left_on = never and onboarded_on = never and planned_due_on >= {as_of:Date}) as is_in_progress
from (
    select
        p.account_id as account_id,
        toDate('2149-06-06') as never,
        cs_segment(p.first_arr, p.high_arr, p.low_arr) as segment,
        p.first_paid_on as first_paid_on,
        if(p.is_paying, never, p.last_paid_before) as left_on,
        if(m.is_planned, m.first_due, p.first_paid_on + days[segment]) as due_on,
        if(m.is_planned, m.last_due, due_on) as planned_due_on,
        multiIf(m.has_milestone, m.onboarded, m.points = 3, m.last_point, never) as onboarded_on
    from (
        select
            account_id, is_paying, last_paid_before, high_arr, low_arr,
            arrayMin(arrayMap(t -> t.1, terms)) as first_paid_on,
            arraySum(arrayMap(t -> t.2, arrayFilter(t -> t.1 = first_paid_on, terms))) as first_arr
        from (
            select
                account_id,
                max(is_active) as is_paying,
                max(counts_before) as last_paid_before,
                groupArray((starts_on, c.arr)) as terms,
                any(segment_high_arr) as high_arr,
                any(segment_low_arr) as low_arr
            from cs.contract_arr(as_of = {as_of:Date}) as c
            group by account_id
        ) as terms
    ) as p
    left join (
        select
            account_id,
            max(milestone = 'onboarded') as has_milestone,
            max(milestone = 'onboarded' and s.first_due != toDate('2149-06-06')) as is_planned,
            minIf(s.first_due, milestone = 'onboarded') as first_due,
            minIf(s.last_due, milestone = 'onboarded') as last_due,
            minIf(s.reached_on, milestone = 'onboarded') as onboarded,
            countIf(startsWith(milestone, 'value_point_') and s.reached_on <= {as_of:Date}) as points,
            maxIf(s.reached_on, startsWith(milestone, 'value_point_')) as last_point
        from cs.milestone_states(as_of = {as_of:Date}) as s
        group by account_id
    ) as m on m.account_id = p.account_id
    cross join (select onboarding_days as days from cs.policy(as_of = {as_of:Date})) as policy
) as o
