-- Contracts of each account that counted at the starts of the windows and count at as_of.
--
-- Columns:
--   account_id key   Account.
--   ids        fact  Contract ids at the start of 1m, 3m, 12m and at as_of, Array(Array(String)).

select
    account_id,
    arrayMap(d -> arraySort(arrayMap(c -> c.1, arrayFilter(c -> c.2 <= d and d < c.3, groupArray((contract_id, starts_on, counts_before))))),
        arrayPushBack(cs_windows({as_of:Date}).3, {as_of:Date})) as ids
from cs.contract_arr(as_of = {as_of:Date})
group by account_id
