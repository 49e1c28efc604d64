-- The expands that were planned to be decided within a window.
--
-- Columns:
--   window           label Length of the window: 1m, 3m, 12m.
--   source           key   System that the opportunity came from.
--   opportunity_id   key   Opportunity.
--   account_id       key   Account.
--   planned_expands  part  1.
--   won_expands      part  1 where it was won by as_of.
--   on_time_expands  part  1 where it was won on or before the planned day.
--   planned_amount   part  Amount of the earliest version, in the reporting currency; 0: none was given.
--   won_amount       part  Amount at as_of, in the reporting currency, where it was won.
--   planned_on       fact  First day on which it was planned to be decided; else the day of the decision.
--   decided_on       fact  Day on which it was decided; null: open.
--   created_on       fact  Day on which it was created.
--   segment          fact  Touch model of the account at as_of; where it no longer pays, 12 months ago; else tech.
--   csm              fact  CSM who created it; else the owner on that day; (none): nobody.

select
    window, source, opportunity_id, account_id,
    toUInt8(1) as planned_expands,
    is_won as won_expands,
    toUInt8(is_won and last_day <= planned_on) as on_time_expands,
    if(created_amount = 0, toDecimal128(0, 12), toDecimal128(created_amount, 4) * cs_rate(created_rate, created_currency, {as_of:Date})) as planned_amount,
    if(is_won and amount != 0, toDecimal128(amount, 4) * cs_rate(rate, currency, {as_of:Date}), toDecimal128(0, 12)) as won_amount,
    planned_on,
    nullIf(last_day, toDate('2149-06-06')) as decided_on,
    created_on, segment, csm
from (
    select
        source, opportunity_id, account_id, is_won, o.decided_on as last_day,
        if(expected_on = toDate('2149-06-06'), o.decided_on, expected_on) as planned_on,
        created_amount, created_rate, created_currency, amount, rate, currency, created_on, segment, csm,
        arrayJoin(arrayFilter(n -> planned_on > addMonths({as_of:Date}, -n), [1, 3, 12])) as length,
        concat(toString(length), 'm') as window
    from cs.opportunity_states(as_of = {as_of:Date}) as o
    where kind = 'expand' and planned_on <= {as_of:Date} and planned_on > addMonths({as_of:Date}, -12)
) as o
