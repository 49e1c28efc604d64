-- The movement of each account's ARR over trailing windows.
--
-- Ups and downs of one account within a window are netted; an account that paid earlier and not at the start is a
-- reactivation, never new. Currency is a movement of its own.
--
-- Columns:
--   segment       label Touch model at the start of the window, or at as_of for accounts that did not pay then.
--   window        label Length of the window: 1m, 3m, 12m.
--   movement      label new, expansion, contraction, churn, reactivation or currency.
--   account_id    key   Account.
--   amount        part  Change of ARR, signed, in the reporting currency.
--   accounts      part  1.
--   opening       fact  ARR at the start of the window, at the rate of as_of's fiscal year.
--   closing       fact  ARR at as_of.
--   reported      fact  ARR at the start of the window as it was reported then.
--   first_paid_on fact  First day on which it paid.

select
    segment, window, m.1 as movement, account_id,
    m.2 as amount,
    toUInt8(1) as accounts,
    opening, closing, reported, first_paid_on
from cs.account_windows(as_of = {as_of:Date})
array join [
    (multiIf(
        opening = 0 and first_paid_on > arrayFirst(w -> w.1 = window, cs_windows({as_of:Date})).3, 'new',
        opening = 0, 'reactivation',
        closing = 0, 'churn',
        closing > opening, 'expansion',
        'contraction'), closing - opening),
    ('currency', opening - reported)
] as m
where m.2 != 0
