-- The opportunities behind the quality of the pipeline: those that CS created, where they count in a window.
--
-- One row per window and opportunity that is open, or was created or decided inside the window.
--
-- Columns:
--   day                key   Day.
--   kind               label upsell, cross_sell, extension, expand.
--   window             label Length of the window.
--   source             key   System that the opportunity came from.
--   opportunity_id     key   Opportunity.
--   account_id         key   Account.
--   won                part  1 where it was won in the window.
--   lost               part  1 where it was lost in the window.
--   created            part  1 where it was created in the window.
--   created_won        part  1 where it was created in the window, and won by the day.
--   open_opportunities part  1 where it is open at the day, whenever it was created.
--   cycle_seconds      fact  From the day of creation to that of winning it, where it was won in the window.
--   csm                fact  CSM who created it; else the owner of the account on that day; (none): nobody.
--   created_on         fact  Day on which it was created.
--   decided_on         fact  Day on which it was decided; null: open.
--   stage              fact  Stage at the day.
--   created_amount     fact  Amount of the earliest version, in its currency; 0: none was given.
--   created_currency   fact  Its currency; empty: the reporting currency.
--   created_rate       fact  Its exchange rate; 0: there is none.
--   amount             fact  Amount at the day, in its currency; 0: none was given.
--   currency           fact  Its currency; empty: the reporting currency.
--   rate               fact  Its exchange rate; 0: there is none.

select
    day, kind, window, source, opportunity_id, account_id,
    toUInt8(is_decided and is_won) as won,
    toUInt8(is_decided and not is_won) as lost,
    toUInt8(is_created) as created,
    toUInt8(is_created and is_won) as created_won,
    toUInt8(is_open) as open_opportunities,
    if(is_decided and is_won, greatest(toInt64(last_day) - toInt64(created_on), 0) * 86400, null) as cycle_seconds,
    csm, created_on,
    nullIf(last_day, toDate('2149-06-06')) as decided_on,
    stage, created_amount, created_currency, created_rate, amount, currency, rate
from (
    select
        o.day as day, o.kind as kind, w.window as window, o.source as source, o.opportunity_id as opportunity_id, o.account_id as account_id, o.csm as csm,
        o.created_on as created_on, o.decided_on as last_day, o.is_won as is_won, o.stage as stage,
        o.created_amount as created_amount, o.created_currency as created_currency, o.created_rate as created_rate, o.amount as amount, o.currency as currency, o.rate as rate,
        o.decided_on = toDate('2149-06-06') as is_open,
        o.created_on > w.opens_on as is_created,
        not is_open and o.decided_on > w.opens_on as is_decided
    from opportunity_states as o
    join windows as w on w.day = o.day
    where o.originated_by = 'cs' and o.kind in ('upsell', 'cross_sell', 'extension', 'expand')
        -- No window is longer, and this is done before the joins.
        and (o.created_on > addMonths(o.day, -13) or o.decided_on > addMonths(o.day, -13))
) as x
where is_open or is_created or is_decided
