-- The expands that were planned to be decided within a window.
--
-- Columns:
--   day             key   Day.
--   window          label Length of the window.
--   source          key   System that the opportunity came from.
--   opportunity_id  key   Opportunity.
--   account_id      key   Account.
--   planned_expands part  1.
--   won_expands     part  1 where it was won by the day.
--   on_time_expands part  1 where it was won on or before the planned day.
--   planned_amount  part  Amount of the earliest version, in the reporting currency; 0: none was given.
--   won_amount      part  Amount at the day, in the reporting currency, where it was won.
--   planned_on      fact  First day on which it was planned to be decided; else the day of the decision.
--   decided_on      fact  Day on which it was decided; null: open.
--   created_on      fact  Day on which it was created.
--   segment         fact  Touch model of the account at the day; where it no longer pays, 12 months ago; else tech.
--   csm             fact  CSM who created it; else the owner on that day; (none): nobody.

select
    o.day as day, w.window as window, o.source as source, o.opportunity_id as opportunity_id, o.account_id as account_id,
    toUInt8(1) as planned_expands,
    o.is_won as won_expands,
    toUInt8(o.is_won and o.decided_on <= o.planned_on) as on_time_expands,
    o.created_value as planned_amount,
    if(o.is_won, o.value, toDecimal128(0, 12)) as won_amount,
    o.planned_on as planned_on,
    nullIf(o.decided_on, toDate('2149-06-06')) as decided_on,
    o.created_on as created_on, o.segment as segment, o.csm as csm
from (
    select *, if(expected_on = toDate('2149-06-06'), decided_on, expected_on) as planned_on
    from opportunity_states
    where kind = 'expand' and planned_on <= day and planned_on > addMonths(day, -13)
) as o
join windows as w on w.day = o.day
where o.planned_on > w.opens_on
