-- Tickets as they stood at the end of each day: those opened or resolved within 28 days, and those that were open.
--
-- Columns:
--   day                    key  Day.
--   source                 key  System that the ticket came from.
--   ticket_id              key  Ticket.
--   account_id             key  Account.
--   name                   fact Severity as the help desk names it; (none): not given.
--   opened                 fact 1 where it was opened within 28 days.
--   open                   fact 1 where it is not resolved at the day.
--   complaints             fact 1 where it is a complaint that was opened within 28 days.
--   first_response_seconds fact From opening to the first answer, where it was opened within 28 days and answered by the day.
--   resolution_seconds     fact From opening to the end, where it was resolved within 28 days.
--   opened_at              fact When it was opened.
--   first_response_at      fact First answer by the day; null: not yet.
--   resolved_at            fact When it was resolved, by the day; null: open.

select
    p.day as day, t.source as source, t.ticket_id as ticket_id, t.account_id as account_id, t.severity as name,
    toUInt8(t.opened_on > p.day - 28) as opened,
    toUInt8(t.resolved_on > p.day) as open,
    toUInt8(t.is_complaint and t.opened_on > p.day - 28) as complaints,
    if(t.opened_on > p.day - 28 and t.answered_on <= p.day, t.response_seconds, null) as first_response_seconds,
    if(t.resolved_on > p.day - 28 and t.resolved_on <= p.day, t.resolution_seconds, null) as resolution_seconds,
    t.opened_at as opened_at,
    if(t.answered_on <= p.day, t.first_response_at, null) as first_response_at,
    if(t.resolved_on <= p.day, t.resolved_at, null) as resolved_at
from ticket_spans as t
-- Faster than a cross join.
join (select day, toUInt8(1) as is_day from policy_days) as p on p.is_day = toUInt8(t.opened_on < t.before)
where t.since <= p.day and p.day < t.before
