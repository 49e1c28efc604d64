-- Bridge from opening to closing annual recurring revenue.
-- ja: ARRブリッジ(期首から期末まで)
--
-- What remains when the movements are added to the ARR of the start of the window, which is computed afresh as of that
-- day, and the ARR of as_of is taken away. It must be zero: anything else is a fault of the definitions, or the policy
-- changed in between, and worth an alert.
--
-- Columns:
--   window   label Length of the window: 1m, 3m, 12m.
--   opening  gauge ARR at the start of the window, computed afresh as of that day, in the reporting currency.
--   closing  gauge ARR at as_of, in the reporting currency.
--   residual gauge Opening plus all movements less closing; must be 0.
--
-- Every: 5m

with
openings as (
    select '1m' as window, sumIf(arr, is_active) as amount from cs.contract_arr(as_of = {as_of:Date} - interval 1 month)
    union all
    select '3m' as window, sumIf(arr, is_active) as amount from cs.contract_arr(as_of = {as_of:Date} - interval 3 month)
    union all
    select '12m' as window, sumIf(arr, is_active) as amount from cs.contract_arr(as_of = {as_of:Date} - interval 12 month)
)

select
    o.window as window,
    cs_float(any(o.amount)) as opening,
    cs_float(sum(m.closing)) as closing,
    -- The movements of an account are its change at constant rates and the currency's part.
    cs_float(any(o.amount) + sum((m.closing - m.opening) + (m.opening - m.reported)) - sum(m.closing)) as residual
from openings as o
left join cs.account_windows(as_of = {as_of:Date}) as m on m.window = o.window
group by o.window
order by window
