-- Which of those days are past: KPIs that were computed for them, and later ones, may be other ones now.

insert into cs.fact_changes (table, changed_at, first_on, last_on, rows)
select 'usage_events' as table, now64(3) as changed_at, min(day) as first_on, max(day) as last_on, count() as rows
from (select arrayJoin({days:Array(Date)}) as day) as touched
where day < toDate(now64(3), {zone:String})
having count() > 0
