-- Support tickets as they stood from one day on until another.
--
-- A ticket is to be seen while it is open, and for 28 days after it was opened or resolved.
-- On a day the last version counts that was known by its end, or that reports a resolution by then: one that is entered late counts on its own day. A
-- ticket that is opened again was resolved until then. Where no version was known, the earliest counts. When it was answered is by the last version,
-- on whatever day that became known. Times that run backwards are no durations; the check resolved_before_opened has them. Tickets of test accounts
-- are left out.
--
-- Columns:
--   account_id         key  Account.
--   source             key  System that the ticket came from.
--   ticket_id          key  Ticket.
--   since              key  First day on which it stood so.
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
--   before             fact First day on which it no longer stood so, or is no longer to be seen.
--
-- Key: account_id, source, ticket_id, since

with
toDate('2149-06-06') as never,

tickets as (
    select
        toString(t.source) as source, ticket_id,
        -- The day from which on a version counts comes last.
        arraySort(x -> x.1, groupArray((
            (t.valid_from, t.updated_at, t.ingested_at), t.account_id, if(t.severity = '', '(none)', toString(t.severity)), toUInt8(t.is_complaint), opened_at, t.resolved_at,
            ifNull(toDate(t.resolved_at, {zone:String}), never),
            least(toDate(t.valid_from, {zone:String}), ifNull(toDate(t.resolved_at, {zone:String}), never))))) as versions,
        argMax((t.first_response_at, t.opened_at), (t.valid_from, t.updated_at, t.ingested_at)) as latest,
        toDate(latest.2, {zone:String}) as opened_on,
        -- Of a version that is in force before a later one counts, nothing is to be seen.
        arraySort(arrayDistinct(arrayFilter(d -> d != never and d >= opened_on, arrayPushFront(arrayMap(v -> v.8, versions), opened_on)))) as breaks
    from stored_tickets as t
    where empty({accounts:Array(String)}) or (source, ticket_id) in (select source, ticket_id from stored_tickets where account_id in {accounts:Array(String)})
    group by source, ticket_id
    having not argMax(is_withdrawn, (t.updated_at, t.ingested_at))
)

select
    version.2 as account_id, v.source as source, v.ticket_id as ticket_id, v.since as since, version.3 as severity, version.4 as is_complaint,
    v.latest.2 as opened_at, v.latest.1 as first_response_at, version.6 as resolved_at,
    v.opened_on as opened_on,
    ifNull(toDate(first_response_at, {zone:String}), never) as answered_on,
    version.7 as resolved_on,
    if(first_response_at >= opened_at, date_diff('millisecond', opened_at, first_response_at) / 1000, null) as response_seconds,
    if(resolved_at >= opened_at, date_diff('millisecond', opened_at, resolved_at) / 1000, null) as resolution_seconds,
    least(v.ends, if(resolved_on = never, never, greatest(opened_on, resolved_on) + 28)) as before
from (
    select
        source, ticket_id, latest, opened_on, piece.1 as since, piece.2 as ends,
        versions[greatest(arrayLastIndex(x -> x.8 <= since, versions), 1)] as version
    from tickets
    array join arrayZip(breaks, arrayPushBack(arrayPopFront(breaks), never)) as piece
) as v
where account_id not in (select account_id from test_accounts)
    and before > since
