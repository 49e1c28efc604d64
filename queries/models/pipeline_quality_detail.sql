-- The opportunities behind the quality of the pipeline: those that CS created, where they count in a window.
--
-- One row per window and opportunity that is open, or was created or decided inside the window.
--
-- Columns:
--   kind               label upsell, cross_sell, extension, expand.
--   window             label Length of the window: 1m, 3m, 12m.
--   source             key   System that the opportunity came from.
--   opportunity_id     key   Opportunity.
--   account_id         key   Account.
--   won                part  1 where it was won in the window.
--   lost               part  1 where it was lost in the window.
--   created            part  1 where it was created in the window.
--   created_won        part  1 where it was created in the window, and won by as_of.
--   open_opportunities part  1 where it is open at as_of, whenever it was created.
--   cycle_seconds      fact  From the day of creation to that of winning it, where it was won in the window.
--   csm                fact  CSM who created it; else the owner of the account on that day; (none): nobody.
--   created_on         fact  Day on which it was created.
--   decided_on         fact  Day on which it was decided; null: open.
--   stage              fact  Stage at as_of.
--   created_amount     fact  Amount of the earliest version, in its currency; 0: none was given.
--   created_currency   fact  Its currency; empty: the reporting currency.
--   created_rate       fact  Its exchange rate; 0: there is none.
--   amount             fact  Amount at as_of, in its currency; 0: none was given.
--   currency           fact  Its currency; empty: the reporting currency.
--   rate               fact  Its exchange rate; 0: there is none.

select
    kind, window, source, opportunity_id, account_id,
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
        kind, source, opportunity_id, account_id, csm, created_on, o.decided_on as last_day, is_won, stage,
        created_amount, created_currency, created_rate, amount, currency, rate,
        arrayJoin([1, 3, 12]) as length,
        concat(toString(length), 'm') as window,
        o.decided_on = toDate('2149-06-06') as is_open,
        created_on > addMonths({as_of:Date}, -length) as is_created,
        not is_open and o.decided_on > addMonths({as_of:Date}, -length) as is_decided
    from cs.opportunity_states(as_of = {as_of:Date}) as o
    where originated_by = 'cs' and kind in ('upsell', 'cross_sell', 'extension', 'expand')
) as o
where is_open or is_created or is_decided
