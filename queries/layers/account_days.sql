-- Every account that ever paid, as it stood at the end of each day: what it pays, what it paid at the starts of the windows, and who it is.
--
-- Both ends of a window are valued at the rate of the day's fiscal year. An account that does not pay stands in the segment in
-- which it stood 12 months ago, else in tech touch. Test accounts are not here, and neither is, on a day, an account with a
-- contract in a currency without exchange rate (layers/unvalued_days.sql).
--
-- Phases: leaving when all that it pays for has given notice; growth when a contract of it began after its first day;
-- onboarding until it is onboarded or the deadline has passed (layers/onboarding_days.sql); adoption otherwise.
--
-- Columns:
--   day               key  Day at whose end the account stood so.
--   account_id        key  Account.
--   name              fact Display name.
--   parent_account_id fact Account of the parent company.
--   industry          fact Industry.
--   geo               fact Sales region.
--   attributes        fact Further attributes, Map(String, String).
--   csm               fact Owner; (none): nobody.
--   segment           fact Touch model.
--   is_paying         fact 1 where it pays.
--   phase             fact onboarding, adoption, growth, leaving; empty: it does not pay.
--   arr               fact ARR in the reporting currency.
--   contracted_arr    fact ARR less the contracts that have given notice.
--   seats             fact Contracted seats, also of contracts that cost nothing.
--   departments       fact Departments that have a contract, Array(String).
--   first_paid_on     fact First day on which it ever paid.
--   last_started_on   fact First day of its latest contract.
--   left_on           fact First day without ARR of an account that does not pay; 2149-06-06: it pays.
--   due_on            fact First day on which one of its contracts ends; it is past where that counts on in a grace period; 2149-06-06: none does.
--   opening_1m        fact ARR a month ago.
--   opening_3m        fact ARR three months ago.
--   opening_12m       fact ARR twelve months ago.
--   opening_mtd       fact ARR at the end of the month before.
--   opening_qtd       fact ARR at the end of the fiscal quarter before.
--   opening_ytd       fact ARR at the end of the fiscal year before.
--   reported_1m       fact ARR a month ago, at the rate of that day's fiscal year, as it was reported then.
--   reported_3m       fact The same three months ago.
--   reported_12m      fact The same twelve months ago.
--   reported_mtd      fact The same at the end of the month before.
--   reported_qtd      fact The same at the end of the fiscal quarter before.
--   reported_ytd      fact The same at the end of the fiscal year before.
--
-- Key: day, account_id

with
toDate('2149-06-06') as never,

policy as (
    select day, fiscal_year_starts_on, grace_days, segment_high_arr, segment_low_arr, rates, previous_rates from policy_days where day in {days:Array(Date)}
),

-- The days themselves and the days on which their windows open.
looks as (
    select p.day as day, w.1 as window, w.2 as looked_on, p.grace_days as grace_days, w.2 >= p.fiscal_year_starts_on as is_this_year, p.rates as rates, p.previous_rates as previous_rates
    from policy as p
    join (select day, groupArray((window, opens_on)) as opened from windows where day in {days:Array(Date)} group by day) as o on o.day = p.day
    array join arrayPushBack(o.opened, ('', p.day)) as w
),

-- What counts on each of these days.
-- (No window opens more than twelve months and a day before.)
amounts as (
    select
        l.day as day, s.account_id as account_id,
        sumIf(s.amount * l.rate, l.window = '') as arr,
        sumIf(s.amount * l.rate, l.window = '1m') as opening_1m, sumIf(s.amount * l.rate, l.window = '3m') as opening_3m, sumIf(s.amount * l.rate, l.window = '12m') as opening_12m,
        sumIf(s.amount * l.rate, l.window = 'mtd') as opening_mtd, sumIf(s.amount * l.rate, l.window = 'qtd') as opening_qtd, sumIf(s.amount * l.rate, l.window = 'ytd') as opening_ytd,
        sumIf(s.amount * l.reported_rate, l.window = '1m') as reported_1m, sumIf(s.amount * l.reported_rate, l.window = '3m') as reported_3m, sumIf(s.amount * l.reported_rate, l.window = '12m') as reported_12m,
        sumIf(s.amount * l.reported_rate, l.window = 'mtd') as reported_mtd, sumIf(s.amount * l.reported_rate, l.window = 'qtd') as reported_qtd, sumIf(s.amount * l.reported_rate, l.window = 'ytd') as reported_ytd
    from (
        select account_id, grace_days, currency, since, before, amount from arr_spans
        where since <= arrayMax({days:Array(Date)}) and before > addMonths(arrayMin({days:Array(Date)}), -13) and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as s
    join (
        select
            day, window, looked_on, grace_days, arrayJoin(mapKeys(rates)) as currency,
            rates[currency] as rate, if(is_this_year, rate, previous_rates[currency]) as reported_rate
        from looks
    ) as l on l.grace_days = s.grace_days and l.currency = s.currency
    where s.since <= l.looked_on and l.looked_on < s.before
    group by day, account_id
),

-- Contracts, and for each account one row for those that were over before the first day: they only say when it paid. Those that cost nothing only
-- say how many seats there are.
terms as (
    select
        account_id, grace_days, min(began_on) as first_on, max(began_on) as last_on, max(ended_on) as ends_on, any(x.notice_on) as notice_on, any(x.due_on) as due_on,
        any(x.currency) as currency, if(which = '', toDecimal128(0, 4), any(x.amount)) as acv, any(x.seats) as seats, any(x.department) as department, is_paid
    from (
        select
            account_id, p.grace_days as grace_days, t.counts_from as began_on, t.acv > 0 as is_paid,
            if(is_paid, greatest(t.counts_before, least(t.resumes_on, t.notice_on, t.counts_before + p.grace_days)), t.counts_before) as ended_on,
            if(ended_on <= arrayMin({days:Array(Date)}), '', concat(source, '\0', contract_id, '\0', toString(t.counts_from))) as which,
            t.notice_on as notice_on, t.due_on as due_on, t.currency as currency, toDecimal128(t.acv, 4) as amount, t.seats_sold as seats, toString(t.department) as department
        from contract_terms as t
        cross join (select distinct grace_days from policy) as p
        where (t.acv > 0 or t.seats_sold > 0) and t.counts_from < t.counts_before and t.counts_from <= arrayMax({days:Array(Date)}) and (empty({accounts:Array(String)}) or t.account_id in {accounts:Array(String)})
    ) as x
    group by account_id, grace_days, is_paid, which
),

-- What holds of the contracts that count on the day, and of all that began by then.
begun as (
    select
        day, account_id, any(x.high_arr) as high_arr, any(x.low_arr) as low_arr, minIf(x.first_on, x.is_paid) as first_paid_on, maxIf(x.last_on, x.is_paid) as last_started_on, maxIf(x.ends_on, x.is_paid) as last_paid_before,
        sumIf(x.acv * x.rate, x.counts and x.notice_on > day) as contracted_arr,
        sumIf(toUInt64(x.seats), x.counts) as seats,
        arraySort(groupUniqArrayIf(x.department, x.counts and x.is_paid)) as departments,
        minIf(x.due_on, x.counts and x.is_paid) as due_on
    from (
        select
            p.day as day, p.segment_high_arr as high_arr, p.segment_low_arr as low_arr, t.account_id as account_id, t.first_on as first_on, t.last_on as last_on, t.ends_on as ends_on, t.notice_on as notice_on, t.due_on as due_on,
            t.acv as acv, p.rates[t.currency] as rate, t.seats as seats, t.department as department, t.is_paid as is_paid, p.day < t.ends_on as counts
        from terms as t
        join (select day, grace_days, segment_high_arr, segment_low_arr, rates from policy) as p on p.grace_days = t.grace_days
        where t.first_on <= p.day
    ) as x
    group by day, account_id
    having max(x.is_paid)
)

select
    b.day as day, b.account_id as account_id,
    o.name as name, o.parent_account_id as parent_account_id, o.industry as industry, o.geo as geo, o.attributes as attributes,
    if(o.csm = '', '(none)', o.csm) as csm,
    if(a.arr > 0 or a.opening_12m > 0, cs_segment(if(a.arr > 0, a.arr, a.opening_12m), b.high_arr, b.low_arr), 'tech') as segment,
    toUInt8(a.arr > 0) as is_paying,
    multiIf(a.arr = 0, '', b.contracted_arr = 0, 'leaving', b.last_started_on > b.first_paid_on, 'growth', n.is_in_progress, 'onboarding', 'adoption') as phase,
    a.arr as arr, b.contracted_arr as contracted_arr, b.seats as seats, b.departments as departments,
    b.first_paid_on as first_paid_on, b.last_started_on as last_started_on,
    if(a.arr > 0, never, b.last_paid_before) as left_on,
    if(b.due_on = toDate(0), never, b.due_on) as due_on,
    a.opening_1m as opening_1m, a.opening_3m as opening_3m, a.opening_12m as opening_12m,
    a.opening_mtd as opening_mtd, a.opening_qtd as opening_qtd, a.opening_ytd as opening_ytd,
    a.reported_1m as reported_1m, a.reported_3m as reported_3m, a.reported_12m as reported_12m,
    a.reported_mtd as reported_mtd, a.reported_qtd as reported_qtd, a.reported_ytd as reported_ytd
from begun as b
left join amounts as a on a.day = b.day and a.account_id = b.account_id
left join (
    select day, account_id, is_in_progress from onboarding_days
    where day in {days:Array(Date)} and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
) as n on n.day = b.day and n.account_id = b.account_id
asof left join account_spans as o on o.account_id = b.account_id and o.since <= b.day
where (b.day, b.account_id) not in (select day, account_id from unvalued_days where day in {days:Array(Date)})
