-- The accounts behind net revenue retention by each definition.
--
-- By cohort and movement an account contributes its ARR at both ends, as far as the definition counts it. Chained retention
-- is a product over the months; an account contributes its opening and what it adds to the ratio less 1, times the opening
-- of all (nrr_definition_bridge shows how), so it may contribute to the closing what it never paid, or less than nothing.
--
-- Columns:
--   day           key   Day.
--   window        label Length of the window.
--   definition    label cohort, chained, movement.
--   account_id    key   Account.
--   opening_arr   part  ARR at the start of the window by this definition.
--   closing_arr   part  ARR that this definition counts at the day.
--   company_ratio fact  Net revenue retention of the whole company by this definition; null: undefined.

select a.day as day, a.window as window, d.1 as definition, a.account_id as account_id, d.2 as opening_arr, d.3 as closing_arr, d.4 as company_ratio
from (
    select
        m.day as day, m.account_id as account_id, w.window as window,
        m.arr[1] as arr_now, m.arr[w.months + 1] as arr_then, m.reported[w.months + 1] as reported_then,
        m.first_paid_on <= m.points[w.months + 1] as is_old,
        toDecimal128(0, 12) as zero,
        cs_float(w.opening) as company_opening,
        arraySum((change, factor, base) -> change * (factor / base * company_opening), arraySlice(m.changes, 1, w.months), w.factors, w.bases) as chained,
        [
            ('cohort', arr_then, if(arr_then > 0, arr_now, zero), w.cohort),
            ('chained', arr_then, if(isNaN(w.chained), zero, arr_then + toDecimal128(chained, 12)), if(isNaN(w.chained), null, toNullable(w.chained))),
            ('movement', reported_then, if(is_old, arr_now, zero), w.movement)
        ] as definitions
    from (
        select *, arrayMap((later, earlier) -> if(earlier > 0 and later != earlier, cs_float(later - earlier), 0.), arraySlice(arr, 1, 12), arraySlice(arr, 2, 12)) as changes
        from account_months
    ) as m
    join nrr_weights as w on w.day = m.day
) as a
array join a.definitions as d
where d.2 != 0 or d.3 != 0
