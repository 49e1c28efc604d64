-- Value points as they were planned and reached from one day on until another, while their first deadline is less than a year old.
--
-- Nothing that is here changes from since until the day before `before`, so what stands on a day are the rows with
-- since <= day < before.
--
-- Columns:
--   account_id key  Account.
--   point      key  value_point_1, value_point_2, value_point_3.
--   since      key  First day on which this holds.
--   before     fact First day on which it no longer holds.
--   first_due  fact Deadline that was planned first.
--   last_due   fact Deadline as planned; 2149-06-06: none any more.
--   reached_on fact Day on which it was reached; 2149-06-06: not yet.
--
-- Key: account_id, point, since

select
    account_id, point, greatest(s.held_from, s.state.1) as since, least(s.held_before, addMonths(s.state.1, 13)) as before,
    s.state.1 as first_due, s.state.2 as last_due, s.state.3 as reached_on
from (
    -- A span begins with a change of any milestone of the account, so what does not change goes on.
    select account_id, point, state, min(held_from) as held_from, max(held_before) as held_before
    from (
        select *, sum(is_other) over (partition by account_id, point order by held_from) as run
        from (
            select
                account_id, point, state, held_from, held_before,
                state != lagInFrame(state) over (partition by account_id, point order by held_from rows between unbounded preceding and current row) as is_other
            from (
                select
                    account_id, m.since as held_from, m.milestones as milestones,
                    leadInFrame(m.since, 1, toDate('2149-06-06')) over (partition by account_id order by m.since rows between unbounded preceding and unbounded following) as held_before
                from milestone_spans as m
                where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}
            ) as spans
            array join arrayFilter(x -> startsWith(x, 'value_point_'), mapKeys(milestones)) as point, arrayMap(x -> (milestones[x].1, milestones[x].2, milestones[x].3), arrayFilter(x -> startsWith(x, 'value_point_'), mapKeys(milestones))) as state
        ) as x
    ) as y
    group by account_id, point, state, run
) as s
where s.state.1 != toDate('2149-06-06') and since < before
