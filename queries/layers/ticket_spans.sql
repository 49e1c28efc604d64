-- Support tickets, each with the days on which it is to be seen: while it is open, and for 28 days after it was opened or resolved.
--
-- Times that run backwards are no durations; the check resolved_before_opened has them. Tickets of test accounts are left out.
--
-- Columns:
--   account_id         key  Account.
--   source             key  System that the ticket came from.
--   ticket_id          key  Ticket.
--   severity           fact Severity as the help desk names it; (none): not given.
--   is_complaint       fact 1 where the customer complained.
--   opened_at          fact When it was opened.
--   first_response_at  fact First answer; null: not yet.
--   resolved_at        fact When it was resolved; null: open.
--   opened_on          fact Day on which it was opened.
--   answered_on        fact Day of the first answer; 2149-06-06: not yet.
--   resolved_on        fact Day on which it was resolved; 2149-06-06: open.
--   response_seconds   fact From opening to the first answer; null: none.
--   resolution_seconds fact From opening to the end; null: none.
--   before             fact First day on which it is no longer to be seen.
--
-- Key: account_id, source, ticket_id

with toDate('2149-06-06') as never

select
    account_id, toString(v.source) as source, ticket_id, if(v.severity = '', '(none)', toString(v.severity)) as severity, toUInt8(v.is_complaint) as is_complaint,
    opened_at, v.first_response_at as first_response_at, v.resolved_at as resolved_at,
    toDate(opened_at, {zone:String}) as opened_on,
    ifNull(toDate(v.first_response_at, {zone:String}), never) as answered_on,
    ifNull(toDate(v.resolved_at, {zone:String}), never) as resolved_on,
    if(v.first_response_at >= opened_at, date_diff('millisecond', opened_at, v.first_response_at) / 1000, null) as response_seconds,
    if(v.resolved_at >= opened_at, date_diff('millisecond', opened_at, v.resolved_at) / 1000, null) as resolution_seconds,
    if(resolved_on = never, never, greatest(opened_on, resolved_on) + 28) as before
from stored_tickets as v final
where (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    and account_id not in (select account_id from test_accounts)
