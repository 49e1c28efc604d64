-- The movement of each account's ARR over trailing windows.
--
-- Ups and downs of one account within a window are netted; an account that paid earlier and not at the start is a
-- reactivation, never new. Currency is a movement of its own.
--
-- Columns:
--   day           key   Day.
--   segment       label Touch model at the start of the window, or at the day for accounts that did not pay then.
--   window        label Length of the window.
--   movement      label new, expansion, contraction, churn, reactivation or currency.
--   account_id    key   Account.
--   amount        part  Change of ARR, signed, in the reporting currency.
--   accounts      part  1.
--   opening       fact  ARR at the start of the window, at the rate of the day's fiscal year.
--   closing       fact  ARR at the day.
--   reported      fact  ARR at the start of the window as it was reported then.
--   first_paid_on fact  First day on which it paid.

select
    a.day as day, a.segment as segment, a.window as window, m.1 as movement, a.account_id as account_id,
    m.2 as amount, toUInt8(1) as accounts,
    a.opening as opening, a.closing as closing, a.reported as reported, a.first_paid_on as first_paid_on
from account_windows as a
join windows as w on w.day = a.day and w.window = a.window
array join [
    (multiIf(
        a.opening = 0 and a.first_paid_on > w.opens_on, 'new',
        a.opening = 0, 'reactivation',
        a.closing = 0, 'churn',
        a.closing > a.opening, 'expansion',
        'contraction'), a.closing - a.opening),
    ('currency', a.opening - a.reported)
] as m
where m.2 != 0
