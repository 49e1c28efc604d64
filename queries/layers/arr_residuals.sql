-- Where the ARR at the start of a window, as reported now, is not the ARR of that day, and why.
--
-- A change of settings since then, such as of grace_days, explains what that day's own settings make of the same contracts; an exchange
-- rate that is missing on one of the two days explains all of an account. Whatever else remains is a fault. Windows that open on a day that
-- is not stored are left out.
--
-- Columns:
--   day           key  Day at whose end the window ends.
--   account_id    key  Account.
--   window        key  Length of the window.
--   policy_change fact ARR of the opening day by its own settings less what is reported of it.
--   unvalued      fact ARR of the opening day less what is reported of it, where the account has no exchange rate on one of the days.
--   residual      fact What remains of the ARR of the opening day less what is reported of it.
--   cause         fact The settings that changed, then and now, or the missing exchange rate; empty: neither.
--
-- Key: day, account_id, window

with
toDecimal128(0, 12) as zero,

differences as (
    select w.day as day, x.account_id as account_id, w.window as window, any(w.opens_on) as opens_on, sum(x.opening) as opening, sum(x.reported) as reported
    from (
        select day as stands_on, account_id, '' as window, arr as opening, toDecimal128(0, 12) as reported
        from account_days
        where arr > 0 and day in (select opens_on from windows where day in {days:Array(Date)}) and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        union all
        select day as stands_on, account_id, w.1 as window, toDecimal128(0, 12) as opening, w.2 as reported
        from (
            select day, account_id, arrayJoin([
                ('1m', reported_1m), ('3m', reported_3m), ('12m', reported_12m), ('mtd', reported_mtd), ('qtd', reported_qtd), ('ytd', reported_ytd)]) as w
            from account_days
            where day in {days:Array(Date)} and w.2 > 0 and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        ) as a
    ) as x
    -- Each window has the ARR of its opening day, which is under no window, and what is reported of it.
    join (
        select day, window, opens_on, e.1 as stands_on, e.2 as stands_under
        from windows
        array join [(opens_on, ''), (day, window)] as e
        where day in {days:Array(Date)} and opens_on in (select day from policy_days)
    ) as w on w.stands_on = x.stands_on and w.stands_under = x.window
    group by day, account_id, window
    having opening != reported
),

-- What the contracts of these accounts are worth on the opening day by its own settings, and which settings differ.
explained as (
    select
        d.day as day, d.account_id as account_id, d.window as window, d.opening as opening, d.reported as reported,
        arrayFilter(s -> s.3 <= d.opens_on and d.opens_on < s.4, b.spans) as held,
        arrayFold((total, s) -> total + if(s.1 = q.grace_days, s.5 * q.rates[s.2], zero), held, zero) as expected,
        if(d.opens_on >= p.fiscal_year_starts_on, p.rates, p.previous_rates) as rates,
        arrayStringConcat(arrayFilter(t -> t != '', arrayConcat([
            if(q.grace_days = p.grace_days, '', concat('grace_days ', toString(q.grace_days), ' then, ', toString(p.grace_days), ' now')),
            if(q.currency = p.currency, '', concat('currency ', q.currency, ' then, ', p.currency, ' now')),
            if(q.fiscal_year_start = p.fiscal_year_start, '', concat('fiscal_year_start ', toString(q.fiscal_year_start), ' then, ', toString(p.fiscal_year_start), ' now'))],
            arrayMap(c -> if(q.rates[c] = rates[c], '', concat('exchange rate of ', c, ' ', toString(q.rates[c]), ' then, ', toString(rates[c]), ' now')), arraySort(arrayDistinct(arrayMap(s -> s.2, held)))))), ', ') as changes,
        (d.day, d.account_id) in (select day, account_id from unvalued_days) or (d.opens_on, d.account_id) in (select day, account_id from unvalued_days) as is_unvalued
    from differences as d
    join policy_days as p on p.day = d.day
    join policy_days as q on q.day = d.opens_on
    left join (
        select account_id, groupArray((grace_days, toString(currency), since, before, amount)) as spans
        from arr_spans
        where account_id in (select account_id from differences)
        group by account_id
    ) as b on b.account_id = d.account_id
)

select
    day, account_id, window,
    if(changes = '' or is_unvalued, zero, expected - reported) as policy_change,
    if(is_unvalued, opening - reported, zero) as unvalued,
    opening - reported - policy_change - unvalued as residual,
    if(is_unvalued, 'no exchange rate', changes) as cause
from explained
