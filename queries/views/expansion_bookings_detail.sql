-- The expansion opportunities that were won.
--
-- Columns:
--   day                      key   Day.
--   segment                  label Touch model of the account at the day; where it no longer pays, 12 months ago; else tech.
--   kind                     label upsell, cross_sell, extension, expand.
--   window                   label Length of the window.
--   source                   key   System that the opportunity came from.
--   opportunity_id           key   Opportunity.
--   account_id               key   Account.
--   amount                   part  Amount at the day, in the reporting currency; 0: none was given.
--   opportunities            part  1.
--   originated_amount        part  The amount, where CS created the opportunity.
--   originated_opportunities part  1 where CS created the opportunity.
--   originated_by            fact  Who created it.
--   csm                      fact  CSM who created it; else the owner on that day; (none): nobody.
--   created_on               fact  Day on which it was created.
--   decided_on               fact  Day on which it was won.

select
    o.day as day, o.segment as segment, o.kind as kind, w.window as window, o.source as source, o.opportunity_id as opportunity_id, o.account_id as account_id,
    o.value as amount,
    toUInt8(1) as opportunities,
    if(o.originated_by = 'cs', o.value, toDecimal128(0, 12)) as originated_amount,
    toUInt8(o.originated_by = 'cs') as originated_opportunities,
    o.originated_by as originated_by, o.csm as csm, o.created_on as created_on, o.decided_on as decided_on
from opportunity_states as o
join windows as w on w.day = o.day
where o.is_won and o.kind in ('upsell', 'cross_sell', 'extension', 'expand') and o.decided_on > w.opens_on
    and o.decided_on > addMonths(o.day, -13) -- no window is longer, and this is done before the joins
