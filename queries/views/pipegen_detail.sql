-- The expansion opportunities that CS created.
--
-- Columns:
--   day              key   Day.
--   segment          label Touch model of the account at the day; where it no longer pays, 12 months ago; else tech.
--   kind             label upsell, cross_sell, extension, expand.
--   window           label Length of the window.
--   source           key   System that the opportunity came from.
--   opportunity_id   key   Opportunity.
--   account_id       key   Account.
--   amount           part  Amount of its earliest version, in the reporting currency; 0: none was given.
--   opportunities    part  1.
--   csm              fact  CSM who created it; else the owner on that day; (none): nobody.
--   created_on       fact  Day on which it was created.
--   created_amount   fact  Amount of the earliest version, in its currency.
--   created_currency fact  Its currency; empty: the reporting currency.

select
    o.day as day, o.segment as segment, o.kind as kind, w.window as window, o.source as source, o.opportunity_id as opportunity_id, o.account_id as account_id,
    o.created_value as amount, toUInt8(1) as opportunities,
    o.csm as csm, o.created_on as created_on, o.created_amount as created_amount, o.created_currency as created_currency
from opportunity_states as o
join windows as w on w.day = o.day
where o.originated_by = 'cs' and o.kind in ('upsell', 'cross_sell', 'extension', 'expand') and o.created_on > w.opens_on
    and o.created_on > addMonths(o.day, -13) -- no window is longer, and this is done before the joins
