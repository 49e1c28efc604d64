-- The opportunities behind the quality of each CSM's pipeline.
--
-- One row per window and opportunity that was created or decided inside the window.
--
-- Columns:
--   csm            label CSM who created it; else the owner of the account on that day; (none): nobody.
--   window         label Length of the window: 1m, 3m, 12m.
--   source         key   System that the opportunity came from.
--   opportunity_id key   Opportunity.
--   account_id     key   Account.
--   won            part  1 where it was won in the window.
--   lost           part  1 where it was lost in the window.
--   created        part  1 where it was created in the window.
--   won_amount     part  Amount at as_of, in the reporting currency, where it was won in the window.
--   created_amount part  Amount of the earliest version, in the reporting currency, where it was created in the window.
--   kind           fact  upsell, cross_sell, extension, expand.
--   created_on     fact  Day on which it was created.
--   decided_on     fact  Day on which it was decided; null: open.
--   stage          fact  Stage at as_of.

select
    csm, window, source, opportunity_id, account_id, won, lost, created,
    if(won and d.amount != 0, toDecimal128(d.amount, 4) * cs_rate(rate, currency, {as_of:Date}), toDecimal128(0, 12)) as won_amount,
    if(created and d.created_amount != 0,
        toDecimal128(d.created_amount, 4) * cs_rate(created_rate, created_currency, {as_of:Date}), toDecimal128(0, 12)) as created_amount,
    kind, created_on, decided_on, stage
from cs.pipeline_quality_detail(as_of = {as_of:Date}) as d
where won or lost or created
