-- Net revenue retention over trailing windows.
--
-- Columns:
--   day         key   Day.
--   segment     label Touch-model segment of the account at the start of the window.
--   window      label Length of the window.
--   ratio       gauge Net revenue retention; 1 is no change.
--   opening_arr gauge ARR at the start of the window, in the reporting currency.
--   closing_arr gauge ARR at the day of those same accounts, in the reporting currency.
--   accounts    gauge Accounts that paid at the start of the window.

select
    day, segment, window,
    cs_ratio(sum(closing), sum(opening)) as ratio,
    cs_float(sum(opening)) as opening_arr,
    cs_float(sum(closing)) as closing_arr,
    sum(is_there) as accounts
from (
    select day, segment, window, opening, closing, toUInt64(1) as is_there
    from account_windows
    where opening > 0
    union all
    select day, segment, window, toDecimal128(0, 12) as opening, toDecimal128(0, 12) as closing, toUInt64(0) as is_there
    from segment_windows
) as w
group by day, segment, window
