-- The accounts behind the bridge from opening to closing ARR.
--
-- One row per window and account that paid at either end. A residual that is not zero names the account to look at.
--
-- Columns:
--   day        key   Day.
--   window     label Length of the window.
--   account_id key   Account.
--   opening    part  ARR at the start of the window, computed afresh as of that day.
--   closing    part  ARR at the day.
--   residual   part  Opening plus all movements less closing.
--   movements  fact  Change by all movements, currency included.

with
toDecimal128(0, 12) as zero

select
    day, window, account_id,
    sum(b.opening) as opening,
    sum(b.closing) as closing,
    opening + movements - closing as residual,
    sum(b.moved) as movements
from (
    -- The movements of an account are its change at constant rates and the currency's part.
    select day, window, account_id, w.reported as opening, w.closing as closing, (w.closing - w.opening) + (w.opening - w.reported) as moved
    from account_windows as w
    union all
    select day, window, account_id, r.residual as opening, zero as closing, zero as moved
    from arr_residuals as r
) as b
group by day, window, account_id
