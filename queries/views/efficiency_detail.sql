-- The accounts behind growth efficiency.
--
-- One row per account that paid twelve months before the day or pays at the day.
--
-- Columns:
--   day              key  Day.
--   account_id       key  Account.
--   gained_arr       part ARR won by it: new, expansion or reactivation.
--   lost_arr         part ARR lost by it: contraction or churn.
--   opening_arr      part ARR twelve months before the day.
--   closing_arr      part ARR at the day.
--   opening_accounts part 1 where it paid twelve months before the day.
--   lost_accounts    part 1 where it paid then and no longer does.
--   accounts         part 1 where it pays at the day.
--   first_paid_on    fact First day on which it paid.

select
    day, account_id,
    greatest(closing - opening, toDecimal128(0, 12)) as gained_arr,
    greatest(opening - closing, toDecimal128(0, 12)) as lost_arr,
    opening as opening_arr,
    closing as closing_arr,
    toUInt8(opening > 0) as opening_accounts,
    toUInt8(opening > 0 and closing = 0) as lost_accounts,
    toUInt8(closing > 0) as accounts,
    first_paid_on
from account_windows
where window = '12m'
