-- Accounts that began with a land contract, a small one that is meant to be expanded, and what they paid on their first day.
--
-- Columns:
--   account_id     key  Account.
--   first_paid_on  fact First day on which it ever paid.
--   amounts        fact Annual values by currency of the contracts of that day, Map(String, Decimal).
--   seats          fact The seats of that day, also of contracts that cost nothing.
--   owner_at_start fact Owner of the account on that day; (none): nobody.
--
-- Key: account_id

select
    f.account_id as account_id, f.first_paid_on as first_paid_on, f.amounts as amounts, f.seats as seats,
    if(o.csm = '', '(none)', o.csm) as owner_at_start
from (
    select
        account_id, first_paid_on,
        sumMapIf(map(currency, t.acv), t.acv > 0) as amounts,
        sum(t.seats) as seats
    from (
        select
            account_id, source, contract_id, counts_from, counts_before, toString(currency) as currency, toDecimal128(c.acv, 4) as acv, toUInt64(c.seats_sold) as seats,
            min(if(c.acv > 0, counts_from, toDate('2149-06-06'))) over (partition by account_id) as first_paid_on
        from contract_terms as c
        where (c.acv > 0 or c.seats_sold > 0) and counts_from < counts_before and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as t
    where t.counts_from <= first_paid_on and first_paid_on < t.counts_before
    group by account_id, first_paid_on
    having max((source, contract_id) in (select source, contract_id from stored_contracts final where is_land))
) as f
asof left join account_spans as o on o.account_id = f.account_id and o.since <= f.first_paid_on
