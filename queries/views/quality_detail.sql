-- Facts that contradict themselves or each other.
--
-- One row per violation; nothing here is left out of the KPIs for it, unless the KPI's own definition says so. Facts dated
-- after the day are not looked at, but for those stored by then with a date more than a day ahead.
--
-- Columns:
--   day        key   Day.
--   check      label Name of the check.
--   violations part  1.
--   table      key   Fact table.
--   source     key   System that the row came from.
--   id         key   Row; of orphan_usage, the account.
--   reason     fact  What is wrong with it.

select day, check, toUInt8(1) as violations, table, source, id, reason
from (
    select p.day as day, v.check as check, v.table as table, v.source as source, v.id as id, v.reason as reason
    from violation_spans as v
    -- Faster than a cross join.
    join (select day, toUInt8(1) as is_day from policy_days) as p on p.is_day = toUInt8(v.since < v.before)
    where v.since <= p.day and p.day < v.before
    union all
    select day, check, 'usage_events' as table, '' as source, id, reason
    from usage_violations
    union all
    select l.day as day, 'missing_rate' as check, 'contracts' as table, c.source as source, c.contract_id as id,
        concat('no exchange rate for ', c.currency, ' in the fiscal year of ', toString(l.day)) as reason
    from (
        select p.day as day, x.currency as currency
        from policy_days as p
        cross join (select distinct toString(currency) as currency from stored_contracts) as x
        where not mapContains(p.rates, x.currency)
    ) as l
    join (
        select toString(k.source) as source, contract_id, latest.1 as currency, latest.2 as starts_on
        from (
            select source, contract_id, argMax((toString(currency), starts_on, acv > 0 and not is_trial and not is_one_off), (valid_from, updated_at)) as latest, argMax(is_withdrawn, updated_at) as is_gone
            from stored_contracts final
            group by source, contract_id
        ) as k
        where latest.3 and not is_gone
    ) as c on c.currency = l.currency
    where c.starts_on <= l.day
) as found
