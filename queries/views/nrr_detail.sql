-- The accounts behind net revenue retention.
--
-- One row per window and account that paid at its start.
--
-- Columns:
--   day               key   Day.
--   segment           label Touch model at the start of the window.
--   window            label Length of the window.
--   account_id        key   Account.
--   opening_arr       part  ARR at the start of the window.
--   closing_arr       part  ARR at the day; 0: left.
--   accounts          part  1.
--   opening_contracts fact  Contracts that counted at the start of the window.
--   closing_contracts fact  Contracts that count at the day.

select
    a.day as day, a.segment as segment, a.window as window, a.account_id as account_id,
    a.opening as opening_arr, a.closing as closing_arr, toUInt8(1) as accounts,
    arraySort(arrayMap(t -> t.1, arrayFilter(t -> t.2 <= w.opens_on and w.opens_on < t.3, c.terms))) as opening_contracts,
    arraySort(arrayMap(t -> t.1, arrayFilter(t -> t.2 <= a.day and a.day < t.3, c.terms))) as closing_contracts
from account_windows as a
join windows as w on w.day = a.day and w.window = a.window
left join account_terms as c on c.day = a.day and c.account_id = a.account_id
where a.opening > 0
