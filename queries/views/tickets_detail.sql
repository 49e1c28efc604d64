-- The tickets behind the KPI tickets.
--
-- One row per ticket that was opened or resolved within 28 days, or is open.
--
-- Columns:
--   day                    key   Day.
--   severity               label Severity as the help desk names it, the 20 most frequent; (other): the rest; (none): not given.
--   source                 key   System that the ticket came from.
--   ticket_id              key   Ticket.
--   account_id             key   Account.
--   opened                 part  1 where it was opened within 28 days.
--   answered               part  1 where it was opened within 28 days and answered by the day.
--   resolved               part  1 where it was resolved within 28 days, whenever it was opened.
--   open                   part  1 where it is not resolved at the day, whenever it was opened.
--   complaints             part  1 where it is a complaint that was opened within 28 days.
--   first_response_seconds fact  From opening to the first answer, where it was opened within 28 days and answered by the day.
--   resolution_seconds     fact  From opening to the end, where it was resolved within 28 days.
--   opened_at              fact  When it was opened.
--   first_response_at      fact  First answer by the day; null: not yet.
--   resolved_at            fact  When it was resolved, by the day; null: open.

select
    t.day as day, if(has(s.names, t.name), t.name, '(other)') as severity,
    t.source as source, t.ticket_id as ticket_id, t.account_id as account_id,
    t.opened as opened,
    toUInt8(t.first_response_seconds is not null) as answered,
    toUInt8(t.resolution_seconds is not null) as resolved,
    t.open as open, t.complaints as complaints,
    t.first_response_seconds as first_response_seconds, t.resolution_seconds as resolution_seconds,
    t.opened_at as opened_at, t.first_response_at as first_response_at, t.resolved_at as resolved_at
from tickets_by_day as t
join ticket_severities as s on s.day = t.day
