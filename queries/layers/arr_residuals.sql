-- Where the ARR at the start of a window, as reported now, is not the ARR of that day.
--
-- There should be no row: a policy that changed in between, or a fault of the definitions, makes one. Windows that open on a
-- day that is not stored are left out.
--
-- Columns:
--   day        key  Day at whose end the window ends.
--   account_id key  Account.
--   window     key  Length of the window.
--   residual   fact ARR of the opening day less what is reported of it.
--
-- Key: day, account_id, window

with
spans as (
    select w.day as day, w.window as window, w.opens_on as opens_on
    from windows as w
    join (select day as stored_on from policy_days) as s on s.stored_on = w.opens_on
    where w.day in {days:Array(Date)}
)

select day, account_id, window, sum(x.opening) - sum(x.reported) as residual
from (
    select w.day as day, a.account_id as account_id, w.window as window, a.arr as opening, toDecimal128(0, 12) as reported
    from (
        select day, account_id, arr from account_days
        where arr > 0 and day in (select opens_on from spans) and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as a
    join spans as w on w.opens_on = a.day
    union all
    select a.day as day, a.account_id as account_id, a.w.1 as window, toDecimal128(0, 12) as opening, a.w.2 as reported
    from (
        select day, account_id, arrayJoin([
            ('1m', reported_1m), ('3m', reported_3m), ('12m', reported_12m), ('mtd', reported_mtd), ('qtd', reported_qtd), ('ytd', reported_ytd)]) as w
        from account_days
        where day in {days:Array(Date)} and w.2 > 0 and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as a
    join spans as s on s.day = a.day and s.window = a.w.1
) as x
group by day, account_id, window
having residual != 0
