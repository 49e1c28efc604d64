-- What was stored before it happened is found again, from events that are there.

truncate table stored_usage_ahead
