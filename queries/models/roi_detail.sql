-- The accounts behind the verified return on investment.
--
-- Columns:
--   segment           label Touch model of the account at as_of.
--   account_id        key   Account.
--   accounts          part  1.
--   verified_accounts part  1 where a value review of the last 365 days is verified.
--   review_id         fact  Latest verified value review; empty: none.
--   reviewed_on       fact  Its day; null: none.
--   improvement_ratio fact  Improvement of the customer's own measure that it tells of; null: none.

select
    s.segment as segment,
    s.account_id as account_id,
    toUInt8(1) as accounts,
    toUInt8(r.account_id != '') as verified_accounts,
    r.latest.2 as review_id,
    if(r.account_id = '', null, r.latest.1) as reviewed_on,
    if(isFinite(ifNull(r.latest.4, nan)), r.latest.4, null) as improvement_ratio
from cs.account_states(as_of = {as_of:Date}) as s
left join (
    select account_id, argMax((v.reviewed_on, v.review_id, toString(v.source), v.improvement_ratio), (v.reviewed_on, v.review_id, v.source)) as latest
    from cs.value_reviews as v final
    where is_verified and v.reviewed_on between {as_of:Date} - 364 and {as_of:Date}
    group by account_id
) as r on r.account_id = s.account_id
