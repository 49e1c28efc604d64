-- The expansion opportunities that were won.
--
-- Columns:
--   segment                  label Touch model of the account at as_of; where it no longer pays, 12 months ago; else tech.
--   kind                     label upsell, cross_sell, extension, expand.
--   window                   label Length of the window: 1m, 3m, 12m.
--   source                   key   System that the opportunity came from.
--   opportunity_id           key   Opportunity.
--   account_id               key   Account.
--   amount                   part  Amount at as_of, in the reporting currency; 0: none was given.
--   opportunities            part  1.
--   originated_amount        part  The amount, where CS created the opportunity.
--   originated_opportunities part  1 where CS created the opportunity.
--   originated_by            fact  Who created it.
--   csm                      fact  CSM who created it; else the owner on that day; (none): nobody.
--   created_on               fact  Day on which it was created.
--   decided_on               fact  Day on which it was won.

select
    segment, kind, window, source, opportunity_id, account_id,
    if(own_amount = 0, toDecimal128(0, 12), toDecimal128(own_amount, 4) * cs_rate(rate, currency, {as_of:Date})) as amount,
    toUInt8(1) as opportunities,
    if(originated_by = 'cs', amount, toDecimal128(0, 12)) as originated_amount,
    toUInt8(originated_by = 'cs') as originated_opportunities,
    originated_by, csm, created_on, decided_on
from (
    select
        segment, kind, source, opportunity_id, account_id, s.amount as own_amount, rate, currency, originated_by, csm, created_on, decided_on,
        arrayJoin(arrayFilter(n -> decided_on > addMonths({as_of:Date}, -n), [1, 3, 12])) as length,
        concat(toString(length), 'm') as window
    from cs.opportunity_states(as_of = {as_of:Date}) as s
    where is_won and kind in ('upsell', 'cross_sell', 'extension', 'expand') and decided_on > addMonths({as_of:Date}, -12)
) as o
