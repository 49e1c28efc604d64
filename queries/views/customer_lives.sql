-- The lives of customers, for notebooks: each time that an account paid without a gap, with who it was, what it bought, and how the last year of it went.
--
-- As of the latest day that is computed. Churn by whatever there is of an account is one group by: select geo, countIf(has_left) / count() as churn from
-- customer_lives group by geo; and so is what those who left had in common: select has_left, cs_ratio(sum(satisfied), sum(answers)) from customer_lives
-- group by has_left. Churn of contracts takes an array join: select c.product, countIf(c.has_ended) / count() from customer_lives array join contracts as c
-- group by c.product. The last year is that up to the last paid day, or up to the latest day, within the life. Amounts are in the reporting currency at the rate of the
-- fiscal year of the latest day. Reads all contracts, and the usage of all accounts by day.
--
-- Columns:
--   account_id        key  Account.
--   life              key  1 the first time, 2 when it came back, and so on.
--   began_on          fact First paid day.
--   left_on           fact First day on which nothing was paid; null: it still pays.
--   has_left          fact 1 where it left.
--   came_back         fact 1 where it left and came back later.
--   paid_days         fact Days for which it paid.
--   reason            fact Why it left; unknown where no reason is given; empty: it did not.
--   first_arr         fact ARR on the first paid day.
--   last_arr          fact ARR on the last paid day, or the latest day.
--   rises             fact Days on which its ARR rose.
--   falls             fact Days on which its ARR fell, but not to nothing.
--   products          fact Products that it paid for on the last day, Array(String).
--   contracts         fact Contracts that began in it, with their last terms; one has ended where it no longer counts and none replaced it, Array(Tuple(contract_id String, product String, arr Decimal(38, 12), began_on Date, has_ended UInt8, reason String)).
--   tried_on          fact First day of a trial before or on the first paid day; null: there was none.
--   name              fact Display name.
--   industry          fact Industry.
--   geo               fact Sales region.
--   parent_account_id fact Account of the parent company.
--   csm               fact Owner on the last day; (none): nobody.
--   attributes        fact Further attributes, Map(String, String).
--   use_days          fact Days of the last year with an event.
--   use_events        fact Events of the last year.
--   quantities        fact Sums of the quantities in events of the last year (setting event_quantities), Map(String, Decimal(38, 9)).
--   quantity_events   fact Events that have them, Map(String, UInt64).
--   tickets           fact Tickets opened in the last year.
--   complaints        fact Those of them that are complaints.
--   answers           fact Answers about satisfaction (CSAT) in the last year.
--   satisfied         fact Those of them that are satisfied.
--   mean_score        fact Mean of these answers, on a scale of 1 to 5; null: there are none.

with
toDate('2149-06-06') as never,
assumeNotNull((select max(day) from policy_days)) as latest,
assumeNotNull((select zone from reporting_zone)) as zone,

paid as (
    select account_id, groupArray((c.counts_from, c.counts_before, c.arr, toString(product), trimBoth(toString(cancel_reason)), contract_id, source, c.replaced_on)) as terms
    from contract_days as c
    where c.day = latest
    group by account_id
),

lives as (
    select
        account_id, life, began_on, ended_on <= latest as has_left, if(has_left, ended_on, latest + 1) as until, greatest(began_on, until - 365) as compared_from, has_left and life < lives as came_back,
        arrayReverseSort(t -> (t.5 != '', t.3, t.6), arrayFilter(t -> t.2 = ended_on, terms))[1].5 as reason,
        -- ARR on the first day, and on each one on which it changes.
        arrayMap(d -> arraySum(arrayMap(t -> t.3, arrayFilter(t -> t.1 <= d and t.2 > d, terms))),
            arraySort(arrayDistinct(arrayPushFront(arrayFilter(d -> d > began_on and d < until, arrayConcat(arrayMap(t -> t.1, terms), arrayMap(t -> t.2, terms))), began_on)))) as amounts,
        arraySort(arrayDistinct(arrayMap(t -> t.4, arrayFilter(t -> t.1 < until and t.2 >= until, terms)))) as products,
        -- The last piece of each, and the first day of its first.
        arraySort(arrayMap(t -> (t.6, t.4, t.3, arrayMin(arrayMap(u -> u.1, arrayFilter(u -> (u.6, u.7) = (t.6, t.7), terms))), toUInt8(t.2 < until + has_left and t.8 = never) as has_ended, multiIf(not has_ended, '', t.5 = '', 'unknown', t.5)),
            arrayFilter(t -> t.1 >= began_on and t.1 < until and not arrayExists(u -> (u.6, u.7) = (t.6, t.7) and u.1 > t.1, terms), terms))) as contracts
    from (
        select
            account_id, terms,
            arraySort(arrayDistinct(arrayMap(t -> t.1, arrayFilter(t -> not arrayExists(u -> u.1 < t.1 and u.2 >= t.1, terms), terms)))) as begun,
            arraySort(arrayDistinct(arrayMap(t -> t.2, arrayFilter(t -> not arrayExists(u -> u.1 <= t.2 and u.2 > t.2, terms), terms)))) as ended,
            length(begun) as lives
        from paid
    ) as by_account
    array join begun as began_on, ended as ended_on, arrayEnumerate(begun) as life
)

select
    l.account_id as account_id, toUInt32(l.life) as life, l.began_on as began_on, if(l.has_left, toNullable(l.until), null) as left_on, toUInt8(l.has_left) as has_left, toUInt8(l.came_back) as came_back,
    toUInt32(l.until - l.began_on) as paid_days, multiIf(not l.has_left, '', l.reason = '', 'unknown', l.reason) as reason,
    l.amounts[1] as first_arr, l.amounts[-1] as last_arr,
    toUInt32(arrayCount((x, before) -> x > before, arrayPopFront(l.amounts), arrayPopBack(l.amounts))) as rises,
    toUInt32(arrayCount((x, before) -> x < before, arrayPopFront(l.amounts), arrayPopBack(l.amounts))) as falls,
    l.products as products, cast(l.contracts, 'Array(Tuple(contract_id String, product String, arr Decimal(38, 12), began_on Date, has_ended UInt8, reason String))') as contracts,
    if(t.first_on > toDate(0) and t.first_on <= l.began_on, toNullable(t.first_on), null) as tried_on,
    o.name as name, o.industry as industry, o.geo as geo, o.parent_account_id as parent_account_id, if(o.csm = '', '(none)', o.csm) as csm, o.attributes as attributes,
    u.use_days as use_days, u.use_events as use_events, u.quantities as quantities, u.quantity_events as quantity_events,
    k.tickets as tickets, k.complaints as complaints, a.answers as answers, a.satisfied as satisfied, if(a.answers > 0, toNullable(a.mean_score), null) as mean_score
from (select *, until - 1 as last_on from lives) as l
left join (select account_id, min(starts_on) as first_on from contracts where is_trial group by account_id) as t on t.account_id = l.account_id
left join (
    select x.account_id as account_id, x.life as life, count() as use_days, sum(d.events) as use_events, sumMap(d.quantity_sums) as quantities, sumMap(d.quantity_events) as quantity_events
    from lives as x
    join (select account_id, day, events, quantity_sums, quantity_events from stored_usage_account_days final) as d on d.account_id = x.account_id
    where d.day >= x.compared_from and d.day < x.until
    group by account_id, life
) as u on u.account_id = l.account_id and u.life = l.life
left join (
    select x.account_id as account_id, x.life as life, count() as tickets, countIf(d.is_complaint) as complaints
    from lives as x
    join (select account_id, is_complaint, toDate(opened_at, zone) as opened_on from tickets) as d on d.account_id = x.account_id
    where d.opened_on >= x.compared_from and d.opened_on < x.until
    group by account_id, life
) as k on k.account_id = l.account_id and k.life = l.life
left join (
    select x.account_id as account_id, x.life as life, count() as answers, countIf(d.is_satisfied) as satisfied, avg(1 + 4 * (d.score - 1) / (d.scale - 1)) as mean_score
    from lives as x
    join (select account_id, score, scale, since, is_satisfied from survey_answers where kind = 'csat') as d on d.account_id = x.account_id
    where d.since >= x.compared_from and d.since < x.until
    group by account_id, life
) as a on a.account_id = l.account_id and a.life = l.life
asof left join account_spans as o on o.account_id = l.account_id and o.since <= l.last_on
