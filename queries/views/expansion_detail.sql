-- The accounts behind expansion, by what it was sold as.
--
-- One row per window, account that paid at both ends and grew, and kind. Growth is found per product and department; where
-- other lines of the account shrank, that is set against upsell first, then extension, then cross-sell, so that the kinds
-- add up to the account's net expansion.
--
-- Columns:
--   day        key   Day.
--   segment    label Touch model at the start of the window.
--   window     label Length of the window.
--   kind       label upsell, cross_sell, extension.
--   account_id key   Account.
--   amount     part  Net expansion of this kind, in the reporting currency.
--   accounts   part  1.
--   gross      fact  Growth of this kind before other lines' losses were set against it.
--   opening    fact  ARR of the account at the start of the window.
--   closing    fact  ARR of the account at the day.

select
    e.day as day,
    cs_segment(e.opening, p.segment_high_arr, p.segment_low_arr) as segment,
    e.window as window, k.1 as kind, e.account_id as account_id,
    k.3 as amount,
    toUInt8(1) as accounts,
    k.2 as gross, e.opening as opening, e.closing as closing
from expansion_days as e
join policy_days as p on p.day = e.day
array join [('upsell', e.gross_upsell, e.upsell), ('extension', e.gross_extension, e.extension), ('cross_sell', e.gross_cross_sell, e.cross_sell)] as k
where k.3 > 0
