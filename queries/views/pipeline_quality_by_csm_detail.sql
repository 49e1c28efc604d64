-- The opportunities behind the quality of each CSM's pipeline.
--
-- One row per window and opportunity that was created or decided inside the window.
--
-- Columns:
--   day            key   Day.
--   csm            label CSM who created it; else the owner of the account on that day; (none): nobody.
--   window         label Length of the window.
--   source         key   System that the opportunity came from.
--   opportunity_id key   Opportunity.
--   account_id     key   Account.
--   won            part  1 where it was won in the window.
--   lost           part  1 where it was lost in the window.
--   created        part  1 where it was created in the window.
--   won_amount     part  Amount at the day, in the reporting currency, where it was won in the window.
--   created_amount part  Amount of the earliest version, in the reporting currency, where it was created in the window.
--   kind           fact  upsell, cross_sell, extension, expand.
--   created_on     fact  Day on which it was created.
--   decided_on     fact  Day on which it was decided; null: open.
--   stage          fact  Stage at the day.

select
    day, csm, window, source, opportunity_id, account_id, won, lost, created,
    if(won, toDecimal128(d.amount, 4) * rate, toDecimal128(0, 12)) as won_amount,
    if(created, toDecimal128(d.created_amount, 4) * created_rate, toDecimal128(0, 12)) as created_amount,
    kind, created_on, decided_on, stage
from pipeline_quality_detail as d
where won or lost or created
