-- The expansion opportunities that each CSM created.
--
-- Columns:
--   day            key   Day.
--   csm            label CSM who created it; else the owner of the account on that day; (none): nobody.
--   window         label Length of the window.
--   source         key   System that the opportunity came from.
--   opportunity_id key   Opportunity.
--   account_id     key   Account.
--   amount         part  Amount of its earliest version, in the reporting currency; 0: none was given.
--   opportunities  part  1.
--   segment        fact  Touch model of the account at the day; where it no longer pays, 12 months ago; else tech.
--   kind           fact  upsell, cross_sell, extension, expand.
--   created_on     fact  Day on which it was created.

select day, csm, window, source, opportunity_id, account_id, amount, opportunities, segment, kind, created_on
from pipegen_detail
