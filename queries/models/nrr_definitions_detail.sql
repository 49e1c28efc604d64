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

select window, d.1 as definition, account_id, d.2 as opening_arr, d.3 as closing_arr, d.4 as company_ratio
from (
    select
        window, account_id,
        [
            ('cohort', arr_then, if(arr_then > 0, arr_now, zero), ratios.1),
            ('chained', arr_then, if(isNaN(ratios.2), zero, arr_then + toDecimal128(chained, 12)), if(isNaN(ratios.2), null, toNullable(ratios.2))),
            ('movement', reported_then, if(is_old, arr_now, zero), ratios.3)
        ] as definitions
    from (
        select
            account_id, zero, w.1 as window, w.4 as ratios,
            arr[1] as arr_now,
            arr[w.2 + 1] as arr_then,
            reported[w.2 + 1] as reported_then,
            toUInt8(arr_then > 0 or first_paid_on <= w.3) as is_old,
            arraySum((change, weight) -> change * weight, arraySlice(changes, 1, w.2), w.5) as chained
        from (
            select
                b.account_id as account_id, b.first_paid_on as first_paid_on, b.arr as arr, b.reported as reported, toDecimal128(0, 12) as zero,
                arrayMap((later, earlier) -> if(earlier > 0 and later != earlier, cs_float(later - earlier), 0.), arraySlice(b.arr, 1, 12), arraySlice(b.arr, 2, 12)) as changes
            from cs.account_arr(as_of = {as_of:Date}) as b
        ) as a
        cross join (
            -- What depends on the months alone: each window with its ratios and, for the chained one, what a change in each of its
            -- months weighs. A month in which nobody paid breaks the chain. The product telescopes: a month's ratio less 1, which
            -- is a sum over its accounts, times the ratios of the months before it.
            select
                arrayMap(t -> cs_float(t), totals) as float_totals,
                arrayMap(w -> (
                    w.1, w.2, w.3,
                    (cs_ratio(kept[w.2], totals[w.2 + 1]), arrayProduct(arraySlice(steps, 1, w.2)), cs_ratio(kept_not_new[w.2], n.reported[w.2 + 1])),
                    arrayMap(k -> arrayProduct(arrayPushBack(arraySlice(steps, k + 1, w.2 - k), 1.)) / float_totals[k + 1] * float_totals[w.2 + 1], range(1, w.2 + 1))
                ), cs_windows({as_of:Date})) as windows
            from cs.nrr_months(as_of = {as_of:Date}) as n
        ) as m
        array join windows as w
    ) as accounts
) as defined
array join definitions as d
where d.2 != 0 or d.3 != 0
