-- The accounts behind expansion, by what it was sold as.
--
-- One row per window, account that paid at both ends and grew, and kind. Growth is found per product and department; where
-- other lines of the account shrank, that is set against upsell first, then extension, then cross-sell, so that the kinds
-- add up to the account's net expansion.
--
-- Columns:
--   segment    label Touch model at the start of the window.
--   window     label Length of the window: 1m, 3m, 12m.
--   kind       label upsell, cross_sell, extension.
--   account_id key   Account.
--   amount     part  Net expansion of this kind, in the reporting currency.
--   accounts   part  1.
--   gross      fact  Growth of this kind before other lines' losses were set against it.
--   opening    fact  ARR of the account at the start of the window.
--   closing    fact  ARR of the account at as_of.

with
toDecimal128(0, 12) as zero,

-- One row per window, account, product and department.
lines as (
    select
        w.1 as window, account_id, product,
        sumIf(arr, starts_on <= w.3 and w.3 < counts_before) as opening,
        sumIf(arr, is_active) as closing,
        greatest(closing - opening, zero) as growth,
        any(segment_high_arr) as high_arr,
        any(segment_low_arr) as low_arr,
        sumIf(arr, is_active and starts_on > w.3 and kind = 'cross_sell' and renewed_from = '') as said_cross_sell,
        sumIf(arr, is_active and starts_on > w.3 and kind = 'extension' and renewed_from = '') as said_extension,
        countIf(is_active and starts_on > w.3 and (kind = 'upsell' or renewed_from != '' and kind in ('', 'new', 'renewal'))) as said_upsell,
        countIf(is_active and starts_on > w.3 and renewed_from != '' and kind = 'cross_sell') as renewed_cross_sell,
        countIf(is_active and starts_on > w.3 and renewed_from != '' and kind = 'extension') as renewed_extension
    from cs.contract_arr(as_of = {as_of:Date})
    array join cs_windows({as_of:Date}) as w
    group by window, account_id, product, department
),

-- What the source said goes first; the rest of a line's growth is derived from what the account had at the start.
kinds as (
    select
        window, account_id, opening, closing, high_arr, low_arr,
        least(growth, said_cross_sell) as cross_sell_said,
        least(growth - cross_sell_said, said_extension) as extension_said,
        growth - cross_sell_said - extension_said as rest,
        multiIf(
            renewed_cross_sell > 0, 'cross_sell',
            renewed_extension > 0, 'extension',
            said_upsell > 0 or opening > 0, 'upsell',
            sum(opening) over (partition by window, account_id, product) > 0, 'extension',
            'cross_sell') as rest_kind
    from lines
),

accounts as (
    select
        window, account_id,
        any(high_arr) as account_high_arr,
        any(low_arr) as account_low_arr,
        sum(opening) as account_opening,
        sum(closing) as account_closing,
        sumIf(rest, rest_kind = 'upsell') as upsell,
        sum(extension_said) + sumIf(rest, rest_kind = 'extension') as extension,
        sum(cross_sell_said) + sumIf(rest, rest_kind = 'cross_sell') as cross_sell,
        upsell + extension + cross_sell - (account_closing - account_opening) as losses
    from kinds
    group by window, account_id
    having account_opening > 0 and account_closing > account_opening
)

select
    cs_segment(account_opening, account_high_arr, account_low_arr) as segment,
    window, k.1 as kind, account_id,
    k.3 as amount,
    toUInt8(1) as accounts,
    k.2 as gross, account_opening as opening, account_closing as closing
from accounts
array join [
    ('upsell', upsell, greatest(upsell - losses, zero)),
    ('extension', extension, greatest(extension - greatest(losses - upsell, zero), zero)),
    ('cross_sell', cross_sell, greatest(cross_sell - greatest(losses - upsell - extension, zero), zero))
] as k
where k.3 > 0
