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

select w.day as day, x.account_id as account_id, w.window as window, sum(x.opening) - sum(x.reported) as residual
from (
    select day as stands_on, account_id, '' as window, arr as opening, toDecimal128(0, 12) as reported
    from account_days
    where arr > 0 and day in (select opens_on from windows where day in {days:Array(Date)}) and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    union all
    select day as stands_on, account_id, w.1 as window, toDecimal128(0, 12) as opening, w.2 as reported
    from (
        select day, account_id, arrayJoin([
            ('1m', reported_1m), ('3m', reported_3m), ('12m', reported_12m), ('mtd', reported_mtd), ('qtd', reported_qtd), ('ytd', reported_ytd)]) as w
        from account_days
        where day in {days:Array(Date)} and w.2 > 0 and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as a
) as x
-- Each window has the ARR of its opening day, which is under no window, and what is reported of it.
join (
    select day, window, e.1 as stands_on, e.2 as stands_under
    from windows
    array join [(opens_on, ''), (day, window)] as e
    where day in {days:Array(Date)} and opens_on in (select day from policy_days)
) as w on w.stands_on = x.stands_on and w.stands_under = x.window
group by day, account_id, window
having residual != 0
