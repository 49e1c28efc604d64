-- Opportunities created by each day, as they stood at its end, without those of test accounts.
--
-- An opportunity with an amount in a currency without a rate in the fiscal year of the day is left out and reported in the view unvalued, and so are
-- those of an account that is left out for that reason.
--
-- Columns:
--   day              key   Day.
--   source           key   System that the opportunity came from.
--   opportunity_id   key   Opportunity.
--   account_id       key   Account.
--   segment          label Touch model of the account at the day; where it no longer pays, 12 months ago; else tech.
--   kind             label What is to be sold.
--   originated_by    fact  Who created it.
--   csm              label CSM who created it, by the first version that names one; else the owner of the account at the end of that day; (none): nobody.
--   created_on       fact  Day on which it was created.
--   created_amount   fact  Amount of the earliest version, in created_currency; 0: none was given.
--   created_currency fact  Its currency; empty: the reporting currency.
--   created_rate     fact  Its exchange rate in the fiscal year of the day; 0: there is none, nor an amount.
--   created_value    fact  The amount in the reporting currency.
--   amount           fact  Amount at the day, in currency; 0: none was given.
--   currency         fact  Its currency; empty: the reporting currency.
--   rate             fact  Its exchange rate in the fiscal year of the day; 0: there is none, nor an amount.
--   value            fact  The amount in the reporting currency.
--   expected_on      fact  First day on which it was planned to be decided; 2149-06-06: not planned.
--   decided_on       fact  Day on which it was decided, by the day; 2149-06-06: open.
--   is_won           fact  1 where it is won.
--   stage            fact  Stage at the day.

select
    o.day as day, o.source as source, o.opportunity_id as opportunity_id, o.account_id as account_id,
    if(s.segment = '', 'tech', s.segment) as segment,
    o.kind as kind, o.originated_by as originated_by, o.csm as csm, o.created_on as created_on,
    o.created_amount as created_amount, o.created_currency as created_currency, f.rate as created_rate,
    toDecimal128(o.created_amount, 4) * f.rate as created_value,
    o.amount as amount, o.currency as currency, r.rate as rate,
    toDecimal128(o.amount, 4) * r.rate as value,
    o.expected_on as expected_on, o.decided_on as decided_on, o.is_won as is_won, o.stage as stage
from (
    select
        p.day as day, source, opportunity_id, account_id, kind, originated_by, csm, created_on, created_amount, created_currency, amount, currency,
        expected_on, decided_on, is_won, stage
    from opportunity_spans as x
    -- Faster than a cross join.
    join (select day, toUInt8(1) as is_day from policy_days) as p on p.is_day = toUInt8(x.since < x.before)
    where x.since <= p.day and p.day < x.before
) as o
left join account_days as s on s.day = o.day and s.account_id = o.account_id
left join day_rates as f on f.day = o.day and f.currency = o.created_currency
left join day_rates as r on r.day = o.day and r.currency = o.currency
left anti join (select day, account_id from unvalued_days) as u on u.day = o.day and u.account_id = o.account_id
where (o.created_amount = 0 or f.rate > 0) and (o.amount = 0 or r.rate > 0)
