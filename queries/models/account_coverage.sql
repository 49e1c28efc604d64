-- Every account that pays at as_of: the cadence in which it is to be touched, and its touches in it.
--
-- A cadence is coverage_days of a segment, the days (as_of - days, as_of]. An account is held to the cadence of the first of
-- high, low and tech that it was in at the start of that very cadence, so that a downsell moves nobody out of the segment
-- that was to be looked after; where it moved in between and was in none, to that of its segment at as_of. At the start
-- it is by its ARR at the end of the day before the cadence, of one that began on the first day by that day's.
--
-- Columns:
--   account_id  key   Account.
--   segment     label Touch model whose cadence holds.
--   csm         label Owner at as_of; (none): nobody.
--   days        fact  Length of the cadence.
--   paid_since  fact  First day of the time without a gap for which it has paid.
--   is_eligible fact  1 where it paid on every day of the cadence.
--   touches     fact  Qualifying touches in the cadence as (when, day, kind, by whom, impression), in order, Array(Tuple(DateTime64, Date, String, String, String)).
--
-- Keep: 20s

select
    p.account_id as account_id, p.segment as segment, p.csm as csm, p.days as days, p.paid_since as paid_since,
    toUInt8(p.paid_since <= {as_of:Date} - p.days + 1) as is_eligible,
    -- Two-way and held; tech touch also counts what goes out to many.
    arrayFilter(t -> t.2 > {as_of:Date} - p.days and (p.segment = 'tech' or t.3 not in ('email', 'webinar')), h.held) as touches
from (
    select
        s.account_id as account_id, s.csm as csm, c.paid_since as paid_since,
        arrayFirstIndex((g, a) -> a > 0 and cs_segment(a, c.high_arr, c.low_arr) = g, ['high', 'low', 'tech'],
            arrayMap((o, f) -> if(o > 0, o, f), c.opening, c.first_day)) as began_in,
        if(began_in > 0, ['high', 'low', 'tech'][began_in], s.segment) as segment,
        c.cadences[indexOf(['high', 'low', 'tech'], segment)] as days
    from cs.account_states(as_of = {as_of:Date}) as s
    join (
        select
            account_id, any(v.cadences) as cadences, any(segment_high_arr) as high_arr, any(segment_low_arr) as low_arr,
            sumForEach(arrayMap(n -> if(t.starts_on <= {as_of:Date} - n and {as_of:Date} - n < t.counts_before, t.arr, toDecimal128(0, 12)), v.cadences)) as opening,
            sumForEach(arrayMap(n -> if(t.starts_on <= {as_of:Date} - n + 1 and {as_of:Date} - n + 1 < t.counts_before, t.arr, toDecimal128(0, 12)), v.cadences)) as first_day,
            arrayFold((run, term) -> if(term.1 > run.2, term, (run.1, greatest(run.2, term.2))),
                arraySort(groupArray((t.starts_on, t.counts_before))), (toDate(0), toDate(0))).1 as paid_since
        from cs.contract_arr(as_of = {as_of:Date}) as t
        cross join (
            select [coverage_days['high'], coverage_days['low'], coverage_days['tech']] as cadences from cs.policy(as_of = {as_of:Date})
        ) as v
        group by account_id
    ) as c on c.account_id = s.account_id
) as p
left join (
    select account_id, arraySort(groupArray((at, day, kind, csm, sentiment))) as held
    from (
        -- A scalar subquery is Nullable, and days are not.
        select account_id, t.happened_at as at, assumeNotNull(toDate(t.happened_at, (select timezone from cs.policy(as_of = {as_of:Date})))) as day,
            toString(t.kind) as kind, toString(t.csm) as csm, toString(t.sentiment) as sentiment
        from cs.touchpoints as t final
        where t.happened_at >= toDateTime64({as_of:Date}, 3, 'UTC')
            - interval assumeNotNull((select arrayMax(mapValues(coverage_days)) + 2 from cs.policy(as_of = {as_of:Date}))) day
    ) as dated
    where day <= {as_of:Date}
    group by account_id
) as h on h.account_id = p.account_id
