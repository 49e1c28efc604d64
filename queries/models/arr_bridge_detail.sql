-- The accounts behind the bridge from opening to closing ARR.
--
-- One row per window and account that paid at either end. A residual that is not zero names the account to look at.
--
-- Columns:
--   window     label Length of the window: 1m, 3m, 12m.
--   account_id key   Account.
--   opening    part  ARR at the start of the window, computed afresh as of that day.
--   closing    part  ARR at as_of.
--   residual   part  Opening plus all movements less closing.
--   movements  fact  Change by all movements, currency included.

select
    window, account_id,
    sum(b.opening) as opening,
    sum(b.closing) as closing,
    opening + movements - closing as residual,
    sum(b.moved) as movements
from (
    select '1m' as window, account_id, sum(arr) as opening, toDecimal128(0, 12) as closing, toDecimal128(0, 12) as moved
    from cs.contract_arr(as_of = {as_of:Date} - interval 1 month) where is_active group by account_id
    union all
    select '3m' as window, account_id, sum(arr) as opening, toDecimal128(0, 12) as closing, toDecimal128(0, 12) as moved
    from cs.contract_arr(as_of = {as_of:Date} - interval 3 month) where is_active group by account_id
    union all
    select '12m' as window, account_id, sum(arr) as opening, toDecimal128(0, 12) as closing, toDecimal128(0, 12) as moved
    from cs.contract_arr(as_of = {as_of:Date} - interval 12 month) where is_active group by account_id
    union all
    -- The movements of an account are its change at constant rates and the currency's part.
    select window, account_id, toDecimal128(0, 12) as opening, closing, (closing - w.opening) + (w.opening - reported) as moved
    from cs.account_windows(as_of = {as_of:Date}) as w
) as b
group by window, account_id
