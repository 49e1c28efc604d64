-- Contracts of each account that counted at the starts of the windows and count at as_of.
--
-- Columns:
--   account_id key   Account.
--   ids        fact  Contract ids at the start of 1m, 3m, 12m and at as_of, Array(Array(String)).

select
    account_id,
    [
        arraySort(groupArrayIf(contract_id, active[2])), arraySort(groupArrayIf(contract_id, active[4])),
        arraySort(groupArrayIf(contract_id, active[13])), arraySort(groupArrayIf(contract_id, active[1]))
    ] as ids
from cs.contract_arr(as_of = {as_of:Date})
group by account_id
