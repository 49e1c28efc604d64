-- Support tickets. submitted_at is a day without a time, so the first response is counted from its midnight, as
-- RavenStack's own resolution_time_hours is. Times have no zone and are read in the reporting zone.
with
    -- DD-MM-YYYY hh:mm and DD-MM-YYYY as text that sorts; what cannot be read stays as it is, so that the row is rejected with it.
    t -> ifNull(formatDateTime(parseDateTimeOrNull(t, '%d-%m-%Y %H:%i', 'UTC'), '%F %T'), t) as iso_time,
    d -> ifNull(toString(toDate(parseDateTimeOrNull(d, '%d-%m-%Y', 'UTC'))), d) as iso_day,

    (d, minutes) -> ifNull(formatDateTime(
        parseDateTimeOrNull(d, '%d-%m-%Y', 'UTC') + toIntervalMinute(toInt32OrNull(minutes)), '%F %T'), minutes) as minutes_after

select
    ticket_id,
    account_id,
    priority                                                  as severity,
    -- The customer went over the agent's head: the nearest thing to a complaint that is recorded.
    escalation_flag                                           as is_complaint,
    iso_day(submitted_at)                                     as opened_at,
    minutes_after(submitted_at, first_response_time_minutes)  as first_response_at,
    iso_time(closed_at)                                       as resolved_at,
    'ravenstack'                                              as source,
    _file,
    _line
from ravenstack_supports_ticket
