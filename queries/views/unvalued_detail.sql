-- The accounts and opportunities that are left out for want of an exchange rate.
--
-- Of opportunities those that are open, or were created, planned or decided within 13 months. One that is left out together with its
-- account is not here.
--
-- Columns:
--   day            key   Day.
--   kind           label account or opportunity.
--   currency       label Currency, ISO 4217.
--   account_id     key   Account.
--   source         key   System that the opportunity came from; empty: this is an account.
--   opportunity_id key   Opportunity; empty: this is an account.
--   accounts       part  1 for an account.
--   opportunities  part  1 for an opportunity.
--   amount         part  ARR of the account on the day, or amount of the opportunity, in this currency.

select
    day, 'account' as kind, currency, account_id, '' as source, '' as opportunity_id, toUInt8(1) as accounts, toUInt8(0) as opportunities, amount
from unvalued_days
union all
select
    o.day as day, 'opportunity' as kind, o.currency as currency, o.account_id as account_id, o.source as source, o.opportunity_id as opportunity_id,
    toUInt8(0) as accounts, toUInt8(1) as opportunities, toDecimal128(o.value, 4) as amount
from (
    select day, account_id, source, opportunity_id, a.1 as currency, a.2 as value
    from (
        select
            p.day as day, account_id, source, opportunity_id,
            -- The present amount goes before the first one.
            arrayFilter(a -> a.2 != 0, if(x.amount != 0 and x.currency = x.created_currency, [(x.currency, x.amount)], [(x.currency, x.amount), (x.created_currency, x.created_amount)])) as amounts
        from opportunity_spans as x
        join (select day, toUInt8(1) as is_day from policy_days) as p on p.is_day = toUInt8(x.since < x.before)
        where x.since <= p.day and p.day < x.before and (created_on > addMonths(p.day, -13) or decided_on > addMonths(p.day, -13) or expected_on > addMonths(p.day, -13) and expected_on != toDate('2149-06-06'))
            and (x.amount != 0 or x.created_amount != 0)
    ) as open
    array join amounts as a
) as o
left anti join day_rates as r on r.day = o.day and r.currency = o.currency
left anti join (select day, account_id from unvalued_days) as u on u.day = o.day and u.account_id = o.account_id
