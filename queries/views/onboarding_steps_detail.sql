-- The accounts in onboarding, each at the step that comes next.
--
-- Columns:
--   day                  key   Day.
--   segment              label Touch model by what it paid on its first day.
--   step                 label Milestone that comes next.
--   account_id           key   Account.
--   in_progress_accounts part  1.
--   stuck_accounts       part  1 where the deadline of the step has passed.
--   csm                  fact  Owner on the day; (none): nobody.
--   since_on             fact  Day on which it reached its last milestone, else its first paid day.
--   seconds              fact  Time since then.
--   due_on               fact  Deadline of the step: the first one planned, else that of onboarding.
--   late_days            fact  Days by which it is late.

select
    day, segment, next.3 as step, account_id,
    toUInt8(1) as in_progress_accounts,
    toUInt8(due_on < day) as stuck_accounts,
    csm, since_on,
    86400 * toInt64(dateDiff('day', since_on, day)) as seconds,
    next.1 as due_on,
    toUInt32(greatest(dateDiff('day', due_on, day), 0)) as late_days
from (
    select
        b.day as day, b.segment as segment, b.account_id as account_id, a.csm as csm,
        toDate('2149-06-06') as never,
        ['kickoff', 'setup', 'time_to_use', 'value_point_1', 'value_point_2', 'value_point_3', 'onboarded'] as steps,
        arrayMap(x -> (x, m.milestones[x].1, m.milestones[x].3), arrayFilter(x -> x != 'onboarded' and m.milestones[x].4, mapKeys(m.milestones))) as plan,
        -- Deadline, place in the usual order, name.
        arrayMin(arrayPushBack(
            arrayMap(x -> (if(x.2 = never, b.due_on, x.2), indexOf(steps, x.1), x.1), arrayFilter(x -> x.3 > b.day, plan)),
            (b.due_on, indexOf(steps, 'onboarded'), 'onboarded'))) as next,
        arrayMax(arrayPushBack(arrayMap(x -> x.3, arrayFilter(x -> x.3 <= b.day, plan)), b.first_paid_on)) as since_on
    from onboarding_days as b
    join account_days as a on a.day = b.day and a.account_id = b.account_id
    asof left join milestone_spans as m on m.account_id = b.account_id and m.since <= b.day
    where b.onboarded_on > b.day and a.is_paying
) as x
