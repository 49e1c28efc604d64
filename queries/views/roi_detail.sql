-- The accounts behind the verified return on investment.
--
-- Columns:
--   day               key   Day.
--   segment           label Touch model of the account on the day.
--   account_id        key   Account.
--   accounts          part  1.
--   verified_accounts part  1 where a value review of the last 365 days is verified.
--   review_id         fact  Latest verified value review; empty: none.
--   reviewed_on       fact  Its day; null: none.
--   improvement_ratio fact  Improvement of the customer's own measure; null: none.

select
    s.day as day, s.segment as segment, s.account_id as account_id,
    toUInt8(1) as accounts,
    toUInt8(r.since > s.day - 365) as verified_accounts,
    if(verified_accounts = 1, r.review_id, '') as review_id,
    if(verified_accounts = 1, toNullable(r.since), null) as reviewed_on,
    if(verified_accounts = 1 and isFinite(ifNull(r.improvement_ratio, nan)), r.improvement_ratio, null) as improvement_ratio
from account_days as s
asof left join verified_reviews as r on r.account_id = s.account_id and r.since <= s.day
where s.is_paying
