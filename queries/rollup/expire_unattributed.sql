-- Events that have waited in vain for the account of their user.

alter table stored_unattributed_events delete where toDate(ts) < {refused:Date}
settings mutations_sync = 2, max_execution_time = 0
