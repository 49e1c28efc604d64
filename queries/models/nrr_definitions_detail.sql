-- The accounts behind net revenue retention by each definition.
--
-- By cohort and movement an account contributes its ARR at both ends, as far as the definition counts it. Chained retention
-- is a product over the months; an account contributes its opening and what it adds to the ratio less 1, times the opening
-- of all (cs.nrr_definition_bridge tells how), so it may contribute to the closing what it never paid, or less than nothing.
--
-- Columns:
--   window      label Length of the window: 1m, 3m, 12m.
--   definition  label cohort, chained, movement.
--   account_id  key   Account.
--   opening_arr part  ARR at the start of the window by this definition.
--   closing_arr part  ARR that this definition counts at as_of.
--   company_ratio fact  Net revenue retention of the whole company by this definition; null: undefined.

select
    window,
    d.1 as definition,
    account_id,
    d.2 as opening_arr,
    d.3 as closing_arr,
    d.4 as company_ratio
from (
    select
        w.1 as window, w.2 as months, a.account_id as account_id,
        a.arr[1] as arr_now,
        a.arr[months + 1] as arr_then,
        a.reported[months + 1] as reported_then,
        arr_then > 0 or a.first_paid_on <= w.3 as is_old,
        m.totals[months + 1] as total,
        -- A month in which nobody paid breaks the chain.
        arraySlice(m.steps, 1, months) as chain,
        arrayExists(r -> isNaN(r), chain) as is_broken,
        -- The product telescopes: a month's ratio less 1, which is a sum over its accounts, times the ratios of the months before it.
        if(is_broken, 0., arraySum((change, total, rest) -> change / total * rest,
            arrayMap((later, earlier) -> if(earlier > 0, cs_float(later - earlier), 0.), arraySlice(a.arr, 1, months), arraySlice(a.arr, 2, months)),
            arraySlice(m.float_totals, 2, months), m.rests[months])) as chained,
        [
            ('cohort', arr_then, if(arr_then > 0, arr_now, zero), cs_ratio(m.kept[months], total)),
            ('chained', arr_then, if(is_broken, zero, arr_then + toDecimal128(cs_float(total) * chained, 12)), if(is_broken, null, arrayProduct(chain))),
            ('movement', reported_then, if(is_old, arr_now, zero), cs_ratio(m.kept_not_new[months], m.reported[months + 1]))
        ] as definitions
    from cs.account_arr(as_of = {as_of:Date}) as a
    cross join (
        -- What depends on the months alone is computed once, not for each account.
        select
            *, arrayMap(t -> cs_float(t), totals) as float_totals,
            arrayMap(n -> arrayMap(k -> arrayProduct(arrayPushBack(arraySlice(steps, k + 1, n - k), 1.)), range(1, n + 1)), range(1, 13)) as rests
        from cs.nrr_months(as_of = {as_of:Date}) as months
    ) as m
    cross join (select toDecimal128(0, 12) as zero) as constant
    array join cs_windows({as_of:Date}) as w
) as accounts
array join definitions as d
where d.2 != 0 or d.3 != 0
