-- Days that were rolled up before names of events were bounded: those with more names than are kept apart are rolled up again, the others
-- are what they would be now.

insert into stored_usage_totals (day, settings, events, version)
select
    day,
    if(day in (
        select day from stored_usage_user_days final
        where day in (select day from stored_usage_totals final where settings != '' and not startsWith(settings, 'names='))
        group by day
        having uniqExactArray(features) > {names:UInt64}
    ), '', concat('names=', toString({names:UInt64}), '|', settings)) as settings,
    events, {version:UInt64} as version
from stored_usage_totals as d final
where d.settings != '' and not startsWith(d.settings, 'names=')
