-- The accounts behind the bridge from opening to closing ARR.
--
-- One row per window and account that paid at either end. A residual that is not zero names the account to look at.
--
-- Columns:
--   day           key   Day.
--   window        label Length of the window.
--   account_id    key   Account.
--   opening       part  ARR at the start of the window, computed afresh as of that day.
--   closing       part  ARR at the day.
--   policy_change part  Part of the opening that is due to settings that have changed since.
--   unvalued      part  Opening less closing and movements of an account that has no exchange rate on one of the days.
--   residual      part  Opening plus all movements less policy_change, unvalued and closing.
--   movements     fact  Change by all movements, currency included.
--   cause         fact  Settings that changed, then and now, or the missing exchange rate; empty: neither.

with
toDecimal128(0, 12) as zero

select
    day, window, account_id,
    sum(b.opening) as opening,
    sum(b.closing) as closing,
    sum(b.policy_change) as policy_change,
    sum(b.unvalued) as unvalued,
    opening + movements - policy_change - unvalued - closing as residual,
    sum(b.moved) as movements,
    max(b.cause) as cause
from (
    -- The movements of an account are its change at constant rates and the currency's part.
    select day, window, account_id, w.reported as opening, w.closing as closing, (w.closing - w.opening) + (w.opening - w.reported) as moved, zero as policy_change, zero as unvalued, '' as cause
    from account_windows as w
    union all
    select day, window, account_id, r.residual + r.policy_change + r.unvalued as opening, zero as closing, zero as moved, r.policy_change as policy_change, r.unvalued as unvalued, r.cause as cause
    from arr_residuals as r
) as b
group by day, window, account_id
