-- Names by which facts refer to our own people.
--
-- A person goes by the id, the e-mail addresses, the other names that are listed, the name, and the former names, in this order: a text that is an
-- id of one person and a name of another one means the first. What several people have in the same place means none of them, and facts that
-- say it keep the text.
--
-- Columns:
--   name     key  Id, address or name, without case and blanks.
--   staff_id fact Person.
--   csm      fact What KPIs call the person, on all days: the present name; where several people have it, with the id.
--   left_on  fact First day on which the person is no longer there; 2149-06-06: still is.

with
people as (
    select
        staff_id, if(shared > 1, concat(called, ' (', staff_id, ')'), called) as csm, left_on, names
    from (
        select
            staff_id, if(latest.1 = '', staff_id, latest.1) as called, latest.2 as left_on, names, uniqExact(staff_id) over (partition by cs_name_key(called)) as shared
        from (
            select
                staff_id, argMax((s.name, ifNull(s.ends_before, toDate('2149-06-06'))), (s.valid_from, s.updated_at)) as latest,
                arrayConcat(
                    [(1, cs_name_key(staff_id))],
                    arrayMap(x -> (2, cs_name_key(x)), groupUniqArray(s.email)),
                    arrayMap(x -> (3, cs_name_key(x)), arrayFlatten(groupUniqArray(splitByRegexp('[;；]', s.also_known_as)))),
                    [(4, cs_name_key(latest.1))],
                    arrayMap(x -> (5, cs_name_key(x)), groupUniqArray(s.name))) as names
            from (
                -- What one source took back, another one may still say.
                select *, argMax(is_withdrawn, updated_at) over (partition by staff_id, source) as is_gone
                from stored_staff final
            ) as s
            where not is_gone
            group by staff_id
        ) as by_person
    ) as known
)

select name, first.2 as staff_id, first.3 as csm, first.4 as left_on
from (
    select n.2 as name, min((n.1, staff_id, csm, left_on)) as first, max((-n.1, staff_id)) as last
    from people
    array join names as n
    where n.2 != ''
    group by name
) as found
where last.2 = first.2
