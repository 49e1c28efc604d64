-- Quantities in the usage events of each account (setting event_quantities), in the 28 days up to each day and in the 28 before.
--
-- Own staff, monitors and bots count nowhere. During the running day, it covers usage up to the last whole day.
--
-- Columns:
--   day          key  Day.
--   account_id   key  Account.
--   used_until   fact Last day of the 28: the day itself, of the running day the one before.
--   quantities   fact Names of those that an event of the 56 days has, Array(String).
--   sums         fact Sum of each in the last 28 days, Array(Decimal(38, 9)).
--   sums_before  fact Sum of each in the 28 days before, Array(Decimal(38, 9)).
--   events       fact Events of the last 28 days that have it, Array(UInt64).
--   maxima       fact Largest value in an event of the last 28 days; 0: there is none, Array(Decimal(38, 9)).
--
-- Key: day, account_id

with
arrayMap(d -> least(d, {whole:Date}), {days:Array(Date)}) as stand

select
    q.day as day, q.account_id as account_id, any(until) as used_until,
    arrayMap(x -> x.1, arraySort(groupArray((q.quantity, q.last_28, q.before_28, q.last_events, q.largest))) as known) as quantities,
    arrayMap(x -> x.2, known) as sums, arrayMap(x -> x.3, known) as sums_before, arrayMap(x -> x.4, known) as events, arrayMap(x -> x.5, known) as maxima
from (
    select
        d.day as day, d.used_until as until, account_id, quantity,
        arrayFilter(u -> u.1 > d.used_until - 28 and u.1 <= d.used_until, used) as recent,
        arraySum(arrayMap(u -> u.2, recent)) as last_28,
        arraySum(arrayMap(u -> if(u.1 > d.used_until - 56 and u.1 <= d.used_until - 28, u.2, toDecimal128(0, 9)), used)) as before_28,
        arraySum(arrayMap(u -> u.3, recent)) as last_events,
        if(empty(recent), toDecimal128(0, 9), arrayMax(arrayMap(u -> u.4, recent))) as largest
    from (
        select account_id, toString(quantity) as quantity, groupArray((day, quantity_sums[quantity], quantity_events[quantity], quantity_maxima[quantity])) as used
        from stored_usage_account_days final
        array join mapKeys(quantity_events) as quantity
        where day > arrayMin(stand) - 56 and day <= arrayMax(stand) and notEmpty(quantity_events) and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        group by account_id, quantity
    ) as by_quantity
    cross join (select arrayJoin({days:Array(Date)}) as day, least(day, {whole:Date}) as used_until) as d
    where arrayExists(u -> u.1 > d.used_until - 56 and u.1 <= d.used_until, used)
) as q
group by day, account_id
