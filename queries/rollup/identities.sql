-- Ids of the new events, for conflicts to be found without reading raw events.

insert into stored_usage_identities (id, payload_hash, day)
select sipHash64(source, event_id) as id, payload_hash, toDate(ts) as day
from stored_usage_events
where {new}
settings optimize_on_insert = 0 -- an id that comes twice does no harm, and is merged later
