-- The accounts behind net revenue retention.
--
-- One row per window and account that paid at its start.
--
-- Columns:
--   segment           label Touch model at the start of the window.
--   window            label Length of the window: 1m, 3m, 12m.
--   account_id        key   Account.
--   opening_arr       part  ARR at the start of the window.
--   closing_arr       part  ARR at as_of; 0: left.
--   accounts          part  1.
--   opening_contracts fact  Contracts that counted at the start of the window.
--   closing_contracts fact  Contracts that count at as_of.

select
    segment, window, account_id,
    opening as opening_arr,
    closing as closing_arr,
    toUInt8(1) as accounts,
    c.ids[indexOf(cs_windows({as_of:Date}).1, window)] as opening_contracts,
    c.ids[4] as closing_contracts
from cs.account_windows(as_of = {as_of:Date}) as w
left join cs.account_contracts(as_of = {as_of:Date}) as c on c.account_id = w.account_id
where opening > 0
