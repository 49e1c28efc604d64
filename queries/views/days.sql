-- Which days can be asked for.
--
-- A view has no rows of a day that is not computed. This tells such a day from one on which there is nothing to say. Stored results of KPIs play no
-- part: one that cannot be computed takes no day away from the others.
--
-- Columns:
--   day         key  Day.
--   state       fact stored; support: only what other days look back on is sure to be right; not computed: it is to be.
--   computed_at fact When its layers were last computed; null: never.

select
    d.day as day,
    multiIf(
        c.layers = (select max(n) from (select count() as n from stored_layer_days final where day > toDate(0) and definition != '' and not startsWith(definition, 'kpi ') group by stored_layer_days.day) as counts),
        if(d.is_support, 'support', 'stored'),
        d.is_support and c.layers > 0, 'support',
        'not computed') as state,
    c.last_at as computed_at
from stored_days as d final
left join (
    select day, count() as layers, toNullable(max(l.computed_at)) as last_at
    from stored_layer_days as l final
    where day > toDate(0) and l.definition != '' and not startsWith(l.definition, 'kpi ')
    group by day
) as c on c.day = d.day
