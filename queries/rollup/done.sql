-- Those days are rolled up, by those settings.

insert into stored_usage_totals (day, settings, events, version)
select day, {settings:String} as settings, sum(n) as events, {version:UInt64} as version
from (
    select day, sum(d.events) as n
    from stored_usage_account_days as d final
    where day in {days:Array(Date)}
    group by day
    union all
    select arrayJoin({days:Array(Date)}) as day, 0 as n
) as counted
group by day
