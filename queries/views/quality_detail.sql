-- Facts that contradict themselves or each other, or look as if something went wrong on their way here.
--
-- One row per violation; nothing here is left out of the KPIs for it, unless the KPI's own definition says so. Facts dated
-- after the day are not looked at, but for those stored by then with a date more than a day ahead. What the setting
-- quality_exceptions names is not here.
--
-- Columns:
--   day        key   Day.
--   check      label Name of the check.
--   violations part  1.
--   table      key   Fact table.
--   source     key   System that the row came from.
--   id         key   Row; of checks of accounts and usage, the account; of those of days, events and sources, what they name.
--   account_id fact  Account; empty: none, or several.
--   reason     fact  What is wrong with it.
--   affected   fact  How much it is about, in the unit of the next column; null: the row.
--   unit       fact  Currency, ISO 4217, of an annual value; else what is counted.
--   remedy     fact  What to do.
--
-- Back: freshness_days 0, 7

select
    f.day as day, f.check as check, toUInt8(1) as violations, f.table as table, f.source as source, f.id as id, f.account_id as account_id, f.reason as reason,
    f.affected as affected, f.unit as unit, c.remedy as remedy
from (
    select
        p.day as day, v.check as check, v.table as table, v.source as source, v.id as id, v.account_id as account_id, v.reason as reason, v.affected as affected,
        if(v.unit = '' and v.affected is not null, p.currency, v.unit) as unit
    from violation_spans as v
    -- Faster than a cross join.
    join (select day, currency, toUInt8(1) as is_day from policy_days) as p on p.is_day = toUInt8(v.since < v.before)
    where v.since <= p.day and p.day < v.before
    union all
    select day, check, 'usage_events' as table, '' as source, id, '' as account_id, reason, affected, unit
    from usage_violations
    union all
    select day, check, if(unit = 'events', 'usage_events', 'contracts') as table, '' as source, id, account_id, reason, affected, unit
    from account_violations
    union all
    select day, 'arr_jump' as check, 'contracts' as table, '' as source, id, '' as account_id, reason, affected, unit
    from arr_jumps
    union all
    select p.day as day, t.check as check, 'accounts' as table, '' as source, t.id as id, t.account_id as account_id,
        concat(toString(t.accounts), ' accounts have the ', if(t.check = 'same_name', 'name ', 'domain '), t.name) as reason, toDecimal128(t.accounts, 4) as affected, 'accounts' as unit
    from account_twins as t
    join (select day, toUInt8(1) as is_day from policy_days) as p on p.is_day = toUInt8(t.since < t.before)
    where t.since <= p.day and p.day < t.before
    union all
    -- Updated at least twice a week until then, and not for a week now, nor for twice as long as ever in those 28 days. What is silent for a quarter is retired.
    select day, 'source_silent' as check, table, source, concat(table, if(source = '', '', '/'), source) as id, '' as account_id,
        concat('no fact is dated after ', toString(latest_on), ', but ', toString(busy_days), ' of the 28 days before have some') as reason, toDecimal128(day - latest_on, 4) as affected, 'days' as unit
    from freshness_days
    where table in ('accounts', 'contracts', 'usage_events', 'touchpoints', 'milestones', 'opportunities', 'risks', 'tickets', 'surveys', 'engagements', 'feedback', 'value_reviews', 'user_accounts')
        and busy_days >= 8 and day - latest_on >= greatest(7, 2 * longest_gap) and day - latest_on <= 91
    union all
    select day + 7 as day, 'unattributed_events' as check, table, source, source as id, '' as account_id,
        concat('events up to ', toString(f.day), ' belong to users whose account nobody has named') as reason, toDecimal128(rows, 4) as affected, 'events' as unit
    from freshness_days as f
    where table = 'unattributed_events'
    union all
    select l.day as day, 'missing_rate' as check, 'contracts' as table, c.source as source, c.contract_id as id, c.account_id as account_id,
        concat('no exchange rate for ', c.currency, ' in the fiscal year of ', toString(l.day)) as reason, toDecimal128(c.acv, 4) as affected, c.currency as unit
    from (
        select p.day as day, x.currency as currency
        from policy_days as p
        cross join (select distinct toString(currency) as currency from stored_contracts) as x
        where not mapContains(p.rates, x.currency)
    ) as l
    join (
        select toString(k.source) as source, contract_id, latest.1 as currency, latest.2 as starts_on, latest.4 as account_id, latest.5 as acv
        from (
            select source, contract_id, argMax((toString(currency), starts_on, acv > 0 and not is_trial and not is_one_off, account_id, acv), (valid_from, updated_at)) as latest, argMax(is_withdrawn, updated_at) as is_gone
            from stored_contracts final
            group by source, contract_id
        ) as k
        where latest.3 and not is_gone
    ) as c on c.currency = l.currency
    where c.starts_on <= l.day
) as f
join quality_checks_in_force as c on c.day = f.day and c.check = f.check
where not has(c.exceptions, concat(f.check, '/', f.id))
