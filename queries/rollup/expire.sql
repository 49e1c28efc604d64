-- Usage events of days before. They stay in what they were rolled up to.

alter table stored_usage_events delete where toDate(ts) < {kept:Date}
settings mutations_sync = 2, max_execution_time = 0
