-- The accounts that nobody has touched within their cadence, or whose touch soon falls out of it.
--
-- Columns:
--   day          key   Day.
--   account      label Account, or (other).
--   name         label Its display name, the account where it has none, or (other).
--   csm          label Owner on the day, or (other).
--   segment      label Touch model whose cadence holds.
--   due          label Days for which the account is still covered: overdue, 0-7d, 8-14d.
--   account_id   key   Account.
--   arr          part  ARR on the day.
--   accounts     part  1.
--   left_seconds fact  Seconds from the end of the day to the end of the last day that is covered; 0 where overdue.
--   days         fact  Length of the cadence.
--   touched_on   fact  Day of the last qualifying touch; null: none in the cadence.

select
    day,
    if(place <= names, g.1, '(other)') as account,
    if(place <= names, g.2, '(other)') as name,
    if(place <= names, g.3, '(other)') as csm,
    g.4 as segment,
    multiIf(g.7 is null, 'overdue', g.8 <= 7, '0-7d', '8-14d') as due,
    g.1 as account_id, g.5 as arr, toUInt8(1) as accounts, g.8 * 86400 as left_seconds, g.6 as days, g.7 as touched_on
from (
    select
        c.day as day, any(p.risk_accounts) as names,
        arraySort(x -> (-x.5, x.1), groupArray((
            c.account_id, if(s.name = '', c.account_id, s.name), s.csm, c.segment, s.arr, c.days, if(c.touches > 0, toNullable(c.touched_on), null), c.days_left))) as gaps
    from (
        select
            day, account_id, segment, days, touches, touched_on,
            -- A touch counts on its own day and on the days after it, as many as the cadence has in all.
            if(touches > 0, toInt64(touched_on + days - 1 - day), 0) as days_left
        from coverage_days
        where is_eligible and days_left <= 14
    ) as c
    join account_days as s on s.day = c.day and s.account_id = c.account_id
    join policy_days as p on p.day = c.day
    group by day
) as d
array join gaps as g, arrayEnumerate(gaps) as place
