-- Onboarding of every account that ever paid: its deadline, and the day on which it was done.
--
-- The deadline is the first one that was planned for the milestone onboarded, whatever it was moved to later; where none
-- was planned, it is onboarding_days after the first paid day. An account is onboarded when that milestone is reached, or,
-- where there is none, when all three value points are.
--
-- Columns:
--   day            key  Day.
--   account_id     key  Account.
--   segment        fact Touch model by what it paid on its first day.
--   first_paid_on  fact First day on which it ever paid.
--   due_on         fact Deadline.
--   planned_due_on fact Deadline as planned on the day; the same unless it was moved.
--   onboarded_on   fact Day on which it was onboarded by then; 2149-06-06: not yet.
--   is_in_progress fact 1 where it is not onboarded, and its deadline as planned on the day is still ahead or today.
--
-- Key: day, account_id

with
toDate('2149-06-06') as never,

first as (
    select account_id, first_paid_on, groupArray((currency, acv)) as amounts
    from (
        select account_id, counts_from, currency, toDecimal128(t.acv, 4) as acv, min(counts_from) over (partition by account_id) as first_paid_on
        from contract_terms as t
        where t.acv > 0 and counts_from < counts_before and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as terms
    where counts_from = first_paid_on
    group by account_id, first_paid_on
)

select
    day, account_id, segment, first_paid_on,
    if(is_planned, m['onboarded'].1, first_paid_on + days[segment]) as due_on,
    if(is_planned, m['onboarded'].2, due_on) as planned_due_on,
    multiIf(
        mapContains(m, 'onboarded'), m['onboarded'].3,
        arrayMax(points) <= day, arrayMax(points),
        never) as onboarded_on,
    toUInt8(onboarded_on = never and planned_due_on >= day) as is_in_progress
from (
    select
        a.day as day, a.account_id as account_id, a.segment as segment, a.first_paid_on as first_paid_on, a.days as days, s.milestones as m,
        mapContains(m, 'onboarded') and m['onboarded'].1 != never as is_planned,
        arrayMap(x -> if(mapContains(m, x), m[x].3, never), ['value_point_1', 'value_point_2', 'value_point_3']) as points
    from (
        select
            p.day as day, f.account_id as account_id, f.first_paid_on as first_paid_on, p.onboarding_days as days,
            cs_segment(arraySum(arrayMap(x -> x.2 * p.rates[x.1], f.amounts)), p.segment_high_arr, p.segment_low_arr) as segment
        from first as f
        cross join (select * from policy_days where day in {days:Array(Date)}) as p
        where f.first_paid_on <= p.day
    ) as a
    asof left join (
        select * from milestone_spans where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}
    ) as s on s.account_id = a.account_id and s.since <= a.day
) as at_day
