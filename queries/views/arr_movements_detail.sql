-- The accounts behind each movement of ARR, gross by product and department.
--
-- One row per window, movement, account, product and department that changed. The movement is the account's, by its net
-- change; where one product grew and another shrank, both stand under it, and they add up to the net.
--
-- Columns:
--   day           key   Day.
--   segment       label Touch model at the start of the window, or at the day for accounts that did not pay then.
--   window        label Length of the window.
--   movement      label new, expansion, contraction, churn, reactivation or currency.
--   account_id    key   Account.
--   product       key   Product.
--   department    key   Department that uses it.
--   amount        part  Change of ARR, signed, in the reporting currency.
--   accounts      part  1 on one of the account's rows.
--   opening       fact  ARR at the start of the window, at the rate of the day's fiscal year.
--   closing       fact  ARR at the day.
--   reported      fact  ARR at the start of the window as it was reported then.
--   contracts     fact  Contracts that counted at the start of the window or count at the day.
--   first_paid_on fact  First day on which the account paid.

with
toDecimal128(0, 12) as zero,

-- What each contract is worth at the starts of all windows and on the day.
valued as (
    select
        c.day as day, c.account_id as account_id, c.product as product, c.department as department, c.contract_id as contract_id, w.names as names,
        c.is_active as is_active, if(c.is_active, c.arr, zero) as closing,
        arrayMap(d -> c.counts_from <= d and d < c.counts_before, w.opens) as counted,
        arrayMap(x -> if(x, c.arr, zero), counted) as opening,
        arrayMap((x, d) -> multiIf(not x, zero, d >= w.fiscal_year_starts_on, c.arr, c.previous_arr), counted, w.opens) as reported
    from contract_days as c
    join (
        select w.day as day, groupArray(w.window) as names, groupArray(w.opens_on) as opens, any(p.fiscal_year_starts_on) as fiscal_year_starts_on
        from windows as w
        join policy_days as p on p.day = w.day
        group by day
    ) as w on w.day = c.day
),

by_line as (
    select
        l.day as day, l.account_id as account_id, l.product as product, l.department as department, w.1 as window, w.2 as opening, l.closing as closing, w.3 as reported,
        arraySort(arrayMap(t -> t.1, arrayFilter(t -> t.2 or t.3[w.4], l.terms))) as contracts
    from (
        select
            day, account_id, product, department, any(names) as windows,
            sumForEach(c.opening) as opening, sumForEach(c.reported) as reported, sum(c.closing) as closing,
            groupArray((contract_id, is_active, counted)) as terms
        from valued as c
        group by day, account_id, product, department
    ) as l
    array join arrayZip(l.windows, l.opening, l.reported, arrayEnumerate(l.windows)) as w
)

select
    m.day as day, m.segment as segment, m.window as window, m.movement as movement, m.account_id as account_id,
    line.1 as product, line.2 as department, line.3 as amount, toUInt8(position = 1) as accounts,
    line.4 as opening, line.5 as closing, line.6 as reported, line.7 as contracts, m.first_paid_on as first_paid_on
from (
    select
        m.day as day, m.segment as segment, m.window as window, m.movement as movement, m.account_id as account_id, any(m.first_paid_on) as first_paid_on,
        arraySort(t -> (t.1, t.2), groupArray((
            l.product, l.department, if(m.movement = 'currency', l.opening - l.reported, l.closing - l.opening), l.opening, l.closing, l.reported, l.contracts))) as lines
    from by_line as l
    join account_movements as m on m.day = l.day and m.account_id = l.account_id and m.window = l.window
    where if(m.movement = 'currency', l.opening - l.reported, l.closing - l.opening) != 0
    group by day, segment, window, movement, account_id
) as m
array join m.lines as line, arrayEnumerate(m.lines) as position
