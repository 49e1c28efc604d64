-- Accounts that pay more on a day than at the start of a window, and what the growth was sold as.
--
-- Growth is found per product and department. The kind that the source gives goes first; else more of a product in a
-- department is upsell, a product in a further department is extension, a further product is cross-sell. Where other lines of
-- the account shrank, that is set against upsell first, then extension, then cross-sell.
--
-- Columns:
--   day               key  Day.
--   account_id        key  Account.
--   window            key  Length of the window.
--   opening           fact ARR at the start of the window.
--   closing           fact ARR at the day.
--   upsell            fact Net expansion by upsell.
--   extension         fact Net expansion by extension.
--   cross_sell        fact Net expansion by cross-sell.
--   gross_upsell      fact Growth by upsell before other lines' losses were set against it.
--   gross_extension   fact The same by extension.
--   gross_cross_sell  fact The same by cross-sell.
--
-- Key: day, account_id, window

with
toDecimal128(0, 12) as zero,
arrayMax({days:Array(Date)}) as last_day,

-- Both ends of the windows in which an account grew.
grown as (
    select a.day as day, a.account_id as account_id, a.w.1 as window, a.w.2 as opening, a.arr as closing, p.opens_on as opens_on, p.grace_days as grace_days
    from (
        select day, account_id, arr, arrayJoin([
            ('1m', opening_1m), ('3m', opening_3m), ('12m', opening_12m), ('mtd', opening_mtd), ('qtd', opening_qtd), ('ytd', opening_ytd)]) as w
        from account_days
        where day in {days:Array(Date)} and w.2 > 0 and arr > w.2 and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as a
    join (
        select w.day as day, w.window as window, w.opens_on as opens_on, p.grace_days as grace_days
        from windows as w
        join policy_days as p on p.day = w.day
        where w.day in {days:Array(Date)}
    ) as p on p.day = a.day and p.window = a.w.1
),

-- What each product and department was worth at the start and is worth now.
by_line as (
    select
        day, window, account_id, product,
        any(t.account_opening) as account_opening, any(t.account_closing) as account_closing,
        sumIf(t.arr, was_there) as opening, sumIf(t.arr, is_there) as closing, greatest(closing - opening, zero) as growth,
        sumIf(t.arr, is_there and is_new and kind = 'cross_sell' and renewed_from = '') as said_cross_sell,
        sumIf(t.arr, is_there and is_new and kind = 'extension' and renewed_from = '') as said_extension,
        countIf(is_there and is_new and (kind = 'upsell' or renewed_from != '' and kind in ('', 'new', 'renewal'))) as said_upsell,
        countIf(is_there and is_new and renewed_from != '' and kind = 'cross_sell') as renewed_cross_sell,
        countIf(is_there and is_new and renewed_from != '' and kind = 'extension') as renewed_extension
    from (
        select
            g.day as day, g.window as window, g.account_id as account_id, c.product as product, c.department as department,
            g.opening as account_opening, g.closing as account_closing, c.kind as kind, c.renewed_from as renewed_from,
            c.amount * r.rate as arr,
            greatest(c.counts_before, least(c.resumes_on, c.notice_on, c.counts_before + g.grace_days)) as ends_on,
            c.counts_from <= g.opens_on and g.opens_on < ends_on as was_there,
            c.counts_from <= g.day and g.day < ends_on as is_there,
            c.starts_on > g.opens_on as is_new
        from grown as g
        join (
            select *, toDecimal128(acv, 4) as amount from contract_terms
            where acv > 0 and counts_from < counts_before and counts_from <= last_day
                and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        ) as c on c.account_id = g.account_id
        join (select day, pair.1 as currency, pair.2 as rate from policy_days array join arrayZip(mapKeys(rates), mapValues(rates)) as pair where day in {days:Array(Date)}) as r on r.day = g.day and r.currency = c.currency
        where was_there or is_there
    ) as t
    group by day, window, account_id, product, department
),

-- What the source said goes first; the rest of a line's growth is derived from what the account had at the start.
kinds as (
    select
        day, window, account_id, account_opening, account_closing,
        least(growth, said_cross_sell) as cross_sell_said,
        least(growth - cross_sell_said, said_extension) as extension_said,
        growth - cross_sell_said - extension_said as rest,
        multiIf(
            renewed_cross_sell > 0, 'cross_sell',
            renewed_extension > 0, 'extension',
            said_upsell > 0 or opening > 0, 'upsell',
            sum(opening) over (partition by day, account_id, window, product) > 0, 'extension',
            'cross_sell') as rest_kind
    from by_line
)

select
    day, account_id, window, opening, closing,
    greatest(gross_upsell - losses, zero) as upsell,
    greatest(gross_extension - greatest(losses - gross_upsell, zero), zero) as extension,
    greatest(gross_cross_sell - greatest(losses - gross_upsell - gross_extension, zero), zero) as cross_sell,
    gross_upsell, gross_extension, gross_cross_sell
from (
    select
        day, account_id, window, any(account_opening) as opening, any(account_closing) as closing,
        sumIf(rest, rest_kind = 'upsell') as gross_upsell,
        sum(extension_said) + sumIf(rest, rest_kind = 'extension') as gross_extension,
        sum(cross_sell_said) + sumIf(rest, rest_kind = 'cross_sell') as gross_cross_sell,
        gross_upsell + gross_extension + gross_cross_sell - (closing - opening) as losses
    from kinds
    group by day, account_id, window
) as accounts
