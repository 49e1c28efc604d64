-- The tickets behind the KPI tickets.
--
-- One row per ticket that was opened or resolved within 28 days, or is open.
--
-- Columns:
--   severity               label Severity as the help desk names it, the 20 most frequent; (other): the rest; (none): not given.
--   source                 key   System that the ticket came from.
--   ticket_id              key   Ticket.
--   account_id             key   Account.
--   opened                 part  1 where it was opened within 28 days.
--   answered               part  1 where it was opened within 28 days and answered by as_of.
--   resolved               part  1 where it was resolved within 28 days, whenever it was opened.
--   open                   part  1 where it is not resolved at as_of, whenever it was opened.
--   complaints             part  1 where it is a complaint that was opened within 28 days.
--   first_response_seconds fact  From opening to the first answer, where it was opened within 28 days and answered by as_of.
--   resolution_seconds     fact  From opening to the end, where it was resolved within 28 days.
--   opened_at              fact  When it was opened.
--   first_response_at      fact  First answer by as_of; null: not yet.
--   resolved_at            fact  When it was resolved, by as_of; null: open.

select
    if(dense_rank() over (order by frequency desc, name) <= 20, name, '(other)') as severity,
    source, ticket_id, account_id,
    toUInt8(opened_at >= first_instant) as opened,
    toUInt8(t.first_response_seconds is not null) as answered,
    toUInt8(t.resolution_seconds is not null) as resolved,
    toUInt8(resolved_by is null) as open,
    toUInt8(is_complaint and opened_at >= first_instant) as complaints,
    t.first_response_seconds as first_response_seconds,
    t.resolution_seconds as resolution_seconds,
    opened_at,
    answered_by as first_response_at,
    resolved_by as resolved_at
from (
    select
        name, source, ticket_id, account_id, is_complaint, opened_at, answered_by, resolved_by, first_instant,
        count() over (partition by name) as frequency,
        -- Times that run backwards are no durations; quality.resolved_before_opened has them.
        if(opened_at >= first_instant and answered_by >= opened_at, date_diff('millisecond', opened_at, answered_by) / 1000, null) as first_response_seconds,
        if(resolved_by >= first_instant and resolved_by >= opened_at, date_diff('millisecond', opened_at, resolved_by) / 1000, null) as resolution_seconds
    from (
        select
            if(v.severity = '', '(none)', toString(v.severity)) as name,
            toString(v.source) as source, ticket_id, v.account_id as account_id, is_complaint, opened_at,
            -- What comes after as_of is not known yet.
            if(v.first_response_at < day_after, v.first_response_at, null) as answered_by,
            if(v.resolved_at < day_after, v.resolved_at, null) as resolved_by,
            first_instant
        from cs.tickets as v final
        cross join (
            -- The first instants of the 28 days and after them, in the reporting zone.
            select
                toDateTime64({as_of:Date} - 27, 3, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) as first_instant,
                toDateTime64({as_of:Date} + 1, 3, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) as day_after
        ) as bounds
        where opened_at < day_after and (resolved_by is null or resolved_by >= first_instant or opened_at >= first_instant)
            and v.account_id not in (select account_id from cs.accounts final group by account_id having argMax(is_test, updated_at))
    ) as known
) as t
