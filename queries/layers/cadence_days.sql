-- Cadence in which each account that pays is to be touched.
--
-- A cadence is coverage_days of a segment, the days (day - days, day]. An account is held to the cadence of the first of
-- high, low and tech that it was in at the start of that very cadence, so that a downsell moves nobody out of the segment
-- that was to be looked after; where it moved in between and was in none, to that of its segment on the day. At the start
-- it is by its ARR at the end of the day before the cadence, of one that began on the first day by that day's.
--
-- Columns:
--   day         key  Day.
--   account_id  key  Account.
--   segment     fact Touch model whose cadence holds.
--   days        fact Length of the cadence.
--   began_after fact Day before the first of the cadence.
--   is_tech     fact 1 where the cadence is that of tech touch.
--   paid_since  fact First day of the time without a gap for which it has paid.
--
-- Key: day, account_id

with
arrayMax({days:Array(Date)}) as last_day,

policy as (
    select
        day, segment_high_arr, segment_low_arr, p.grace_days as grace, p.rates as rates_then, toString((p.grace_days, p.rates)) as epoch,
        [p.coverage_days['high'], p.coverage_days['low'], p.coverage_days['tech']] as cadences
    from policy_days as p
    where day in {days:Array(Date)}
),

-- One policy holds for many days: contracts are valued once for each of them, not for each day.
valued as (
    select
        e.epoch as epoch, t.account_id as account_id, t.counts_from as starts_on,
        greatest(t.counts_before, least(t.resumes_on, t.notice_on, t.counts_before + e.grace)) as ends_before,
        toDecimal128(t.acv, 4) * e.rates[t.currency] as arr
    from contract_terms as t
    cross join (select epoch, any(p.grace) as grace, any(p.rates_then) as rates from policy as p group by epoch) as e
    where t.acv > 0 and t.counts_from < t.counts_before and t.counts_from <= last_day
        and (empty({accounts:Array(String)}) or t.account_id in {accounts:Array(String)})
),

terms as (
    select
        epoch, account_id, groupArray(r.starts_on) as starts, groupArray(r.ends_before) as ends, groupArray(r.arr) as amounts, groupArray(r.run_from) as runs
    from (
        select
            epoch, account_id, starts_on, ends_before, arr,
            max(if(starts_on > reached, starts_on, toDate(0))) over (
                partition by epoch, account_id order by starts_on, ends_before rows between unbounded preceding and current row) as run_from
        from (
            select *, max(ends_before) over (
                partition by epoch, account_id order by starts_on, ends_before rows between unbounded preceding and 1 preceding) as reached
            from valued
        ) as v
    ) as r
    group by epoch, account_id
)

-- One step after the other, since the engine plans a name that is used twice twice.
select day, account_id, cadence_of as segment, days, day - days as began_after, cadence_of = 'tech' as is_tech, paid_since
from (
    select day, account_id, if(began_in > 0, ['high', 'low', 'tech'][began_in], segment) as cadence_of, cadences[if(began_in > 0, began_in, indexOf(['high', 'low', 'tech'], segment))] as days, paid_since
    from (
        select
            s.day as day, s.account_id as account_id, s.segment as segment, p.cadences as cadences,
            arrayFirstIndex((g, opening) -> opening > 0 and cs_segment(opening, p.segment_high_arr, p.segment_low_arr) = g, ['high', 'low', 'tech'],
                arrayMap((before, first) -> if(before > 0, before, first),
                    arrayMap(n -> arraySum((f, b, x) -> if(f <= s.day - n and s.day - n < b, x, toDecimal128(0, 12)), t.starts, t.ends, t.amounts), p.cadences),
                    arrayMap(n -> arraySum((f, b, x) -> if(f <= s.day - n + 1 and s.day - n + 1 < b, x, toDecimal128(0, 12)), t.starts, t.ends, t.amounts), p.cadences))) as began_in,
            arrayMax((f, r) -> if(f <= s.day, r, toDate(0)), t.starts, t.runs) as paid_since
        from (
            select day, account_id, segment from account_days
            where day in {days:Array(Date)} and is_paying and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        ) as s
        join policy as p on p.day = s.day
        join terms as t on t.epoch = p.epoch and t.account_id = s.account_id
    ) as began
) as cadence
