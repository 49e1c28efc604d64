-- The accounts behind each movement of ARR, gross by product and department.
--
-- One row per window, movement, account, product and department that changed. The movement is the account's, by its net
-- change; where one product grew and another shrank, both stand under it, and they add up to the net.
--
-- Columns:
--   segment       label Touch model at the start of the window, or at as_of for accounts that did not pay then.
--   window        label Length of the window: 1m, 3m, 12m.
--   movement      label new, expansion, contraction, churn, reactivation or currency.
--   account_id    key   Account.
--   product       key   Product.
--   department    key   Department that uses it.
--   amount        part  Change of ARR, signed, in the reporting currency.
--   accounts      part  1 on one of the account's rows.
--   opening       fact  ARR at the start of the window, at the rate of as_of's fiscal year.
--   closing       fact  ARR at as_of.
--   reported      fact  ARR at the start of the window as it was reported then.
--   contracts     fact  Contracts that counted at the start of the window or count at as_of.
--   first_paid_on fact  First day on which the account paid.

select
    segment, window, movement, account_id, product, department, amount,
    toUInt8(row_number() over (partition by window, movement, account_id order by product, department) = 1) as accounts,
    opening, closing, reported, contracts, first_paid_on
from (
    select
        m.segment as segment, m.window as window, m.movement as movement, m.account_id as account_id, l.product as product, l.department as department,
        if(m.movement = 'currency', l.opening - l.reported, l.closing - l.opening) as amount,
        l.opening as opening, l.closing as closing, l.reported as reported, l.contracts as contracts, m.first_paid_on as first_paid_on
    from (
        select
            account_id, product, department,
            w.1 as window,
            sumIf(c.arr, starts_on <= w.3 and w.3 < counts_before) as opening,
            sumIf(c.arr, is_active) as closing,
            sumIf(if(w.3 >= fiscal_year_starts_on, c.arr, previous_arr), starts_on <= w.3 and w.3 < counts_before) as reported,
            arraySort(groupArrayIf(contract_id, is_active or starts_on <= w.3 and w.3 < counts_before)) as contracts
        from cs.contract_arr(as_of = {as_of:Date}) as c
        array join cs_windows({as_of:Date}) as w
        group by account_id, product, department, w
    ) as l
    inner join cs.account_movements(as_of = {as_of:Date}) as m on m.account_id = l.account_id and m.window = l.window
) as lines
where amount != 0
