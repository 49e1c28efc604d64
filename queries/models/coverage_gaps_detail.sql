-- The accounts that nobody has touched within their cadence, or whose touch soon falls out of it.
--
-- Columns:
--   account      label Account, or (other).
--   name         label Its display name, the account where it has none, or (other).
--   csm          label Owner at as_of, or (other).
--   segment      label Touch model whose cadence holds.
--   due          label Days for which the account is still covered: overdue, 0-7d, 8-14d.
--   account_id   key   Account.
--   arr          part  ARR at as_of.
--   accounts     part  1.
--   left_seconds fact  Seconds from the end of as_of to the end of the last day that is covered; 0 where overdue.
--   days         fact  Length of the cadence.
--   touched_on   fact  Day of the last qualifying touch; null: none in the cadence.

select
    if(is_named, account_id, '(other)') as account,
    if(is_named, known_as, '(other)') as name,
    if(is_named, owner, '(other)') as csm,
    segment,
    multiIf(touched_on is null, 'overdue', days_left <= 7, '0-7d', '8-14d') as due,
    account_id, arr, toUInt8(1) as accounts, days_left * 86400 as left_seconds, days, touched_on
from (
    select
        c.account_id as account_id, if(s.name = '', c.account_id, s.name) as known_as, c.csm as owner, c.segment as segment, s.arr as arr, c.days as days, c.touched_on as touched_on,
        -- A touch counts on its own day and on the days after it, as many as the cadence has in all.
        ifNull(toInt64(c.touched_on + c.days - 1 - {as_of:Date}), 0) as days_left,
        row_number() over (order by s.arr desc, c.account_id) <= p.risk_accounts as is_named
    from cs.coverage_detail(as_of = {as_of:Date}) as c
    join (select x.account_id as account_id, x.arr as arr, x.name as name from cs.account_states(as_of = {as_of:Date}) as x) as s on s.account_id = c.account_id
    cross join (select risk_accounts from cs.policy(as_of = {as_of:Date})) as p
    where c.eligible_accounts = 1 and days_left <= 14
) as ranked
