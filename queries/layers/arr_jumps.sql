-- Days among the 28 up to each day on which the ARR of the company rose or fell by a third or more (setting arr_jump_ratio).
--
-- Both sides are at the settings and exchange rates of the day, so neither currencies nor a change of settings make a jump. Where nobody
-- paid on the day before, a first contract is none. Of fewer than five accounts, one that leaves or pays less is none either, nor is a new one,
-- unless it doubles the ARR.
--
-- Columns:
--   day      key  Day.
--   id       key  Day on which the ARR changed.
--   reason   fact ARR before and after, and the accounts of which it changed most.
--   affected fact How much ARR came or went.
--   unit     fact Currency, ISO 4217.
--
-- Key: day, id

with
toDate('2149-06-06') as never,

policy as (
    select
        p.day as day, any(p.grace_days) as grace_days, any(p.rates) as rates, any(p.currency) as currency,
        toDecimal64(if(countIf(s.value != '' and s.starts_on <= p.day) = 0, cs_setting_defaults()['arr_jump_ratio/'], argMaxIf(s.value, (s.starts_on, s.updated_at, s.ingested_at), s.value != '' and s.starts_on <= p.day)), 4) as ratio
    from policy_days as p
    cross join (
        select starts_on, value, updated_at, ingested_at from stored_settings final where name = 'arr_jump_ratio'
        union all
        select toDate(0), '', toDateTime64(0, 3, 'UTC'), toDateTime64(0, 3, 'UTC')
    ) as s
    where p.day in {days:Array(Date)}
    group by day
),

changes as (
    select account_id, grace_days, currency, change.1 as changed_on, change.2 as delta, change.3 as accounts
    from arr_spans
    array join [(since, amount, 1), (before, -amount, -1)] as change
    where changed_on < never
),

jumps as (
    select day, changed_on, grace_days, rates, currency, total - delta as arr_before, total as arr_after, number - accounts as accounts_before
    from (
        select
            day, changed_on, grace_days, rates, currency, ratio, delta, accounts,
            sum(delta) over (partition by day order by changed_on) as total, sum(accounts) over (partition by day order by changed_on) as number
        from (
            -- What changed earlier is one sum.
            select
                p.day as day, greatest(c.changed_on, p.day - 28) as changed_on, any(p.grace_days) as grace_days, any(p.rates) as rates, any(p.currency) as currency, any(p.ratio) as ratio,
                sum(c.delta * p.rates[c.currency]) as delta, sum(c.accounts) as accounts
            from (
                select grace_days, currency, changed_on, sum(x.delta) as delta, sum(x.accounts) as accounts from changes as x group by grace_days, currency, changed_on
            ) as c
            join policy as p on p.grace_days = c.grace_days
            where c.changed_on <= p.day
            group by day, changed_on
        ) as daily
    ) as running
    where changed_on > day - 28 and arr_before > 0 and abs(arr_after - arr_before) >= arr_before * ratio
)

select
    day, toString(changed_on) as id,
    concat('ARR went from ', toString(toDecimal128(any(arr_before), 2)), ' to ', toString(toDecimal128(any(arr_after), 2)), ', most by ',
        arrayStringConcat(arrayMap(x -> concat(x.2, ' (', toString(toDecimal128(x.1, 2)), ')'), arraySlice(arraySort(x -> (-abs(x.1), x.2), groupArray((moved, account_id))), 1, 3)), ', ')) as reason,
    toNullable(toDecimal128(abs(any(arr_after) - any(arr_before)), 4)) as affected, any(currency) as unit
from (
    select j.day as day, j.changed_on as changed_on, c.account_id as account_id, any(j.arr_before) as arr_before, any(j.arr_after) as arr_after, any(j.currency) as currency, any(j.accounts_before) as accounts_before,
        sum(c.delta * j.rates[c.currency]) as moved
    from jumps as j
    join (select * from changes where changed_on in (select changed_on from jumps)) as c on c.grace_days = j.grace_days and c.changed_on = j.changed_on
    group by day, changed_on, account_id
    having moved != 0
) as accounts
group by day, changed_on
having any(accounts_before) >= 5 or count() >= 2 or any(arr_after) >= 2 * any(arr_before)
