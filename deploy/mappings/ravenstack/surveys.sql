-- The satisfaction score that a customer may give when a ticket is closed, 1 to 5.
with
    -- DD-MM-YYYY hh:mm as text that sorts; what cannot be read stays as it is, so that the row is rejected with it.
    t -> ifNull(formatDateTime(parseDateTimeOrNull(t, '%d-%m-%Y %H:%i', 'UTC'), '%F %T'), t) as iso_time

select
    ticket_id            as response_id,
    account_id,
    'csat'               as kind,
    satisfaction_score   as score,
    iso_time(closed_at)  as responded_at,
    'ravenstack'         as source,
    _file,
    _line
from ravenstack_supports_ticket
where satisfaction_score is not null
