-- The expansion opportunities that CS created.
--
-- Columns:
--   segment          label Touch model of the account at as_of; where it no longer pays, 12 months ago; else tech.
--   kind             label upsell, cross_sell, extension, expand.
--   window           label Length of the window: 1m, 3m, 12m.
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
    segment, kind, window, source, opportunity_id, account_id,
    if(created_amount = 0, toDecimal128(0, 12), toDecimal128(created_amount, 4) * cs_rate(created_rate, created_currency, {as_of:Date})) as amount,
    toUInt8(1) as opportunities,
    csm, created_on, created_amount, created_currency
from (
    select
        segment, kind, source, opportunity_id, account_id, csm, created_on, created_amount, created_currency, created_rate,
        arrayJoin(arrayFilter(n -> created_on > addMonths({as_of:Date}, -n), [1, 3, 12])) as length,
        concat(toString(length), 'm') as window
    from cs.opportunity_states(as_of = {as_of:Date})
    where originated_by = 'cs' and kind in ('upsell', 'cross_sell', 'extension', 'expand') and created_on > addMonths({as_of:Date}, -12)
) as created
