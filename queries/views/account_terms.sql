-- Contracts of each account that ever counted by each day, as an array.
--
-- Columns:
--   day        key  Day.
--   account_id key  Account.
--   terms      fact Contract, and from when until when it counts, Array(Tuple(contract_id, counts_from, counts_before)).

select day, account_id, groupArray((contract_id, counts_from, counts_before)) as terms
from contract_days
group by day, account_id
