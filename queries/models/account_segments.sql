-- Where each account stands: its segment, for facts of accounts that may no longer pay.
--
-- The segment is the one at as_of if the account pays, else the one in which it stood 12 months ago, else tech. An account
-- that is not here neither paid in these 12 months nor is a test account; it is tech touch, too.
--
-- Columns:
--   account_id key   Account.
--   segment    label Touch model.
--   is_paying  fact  1 where it pays at as_of.
--   is_test    fact  1 for a test account, whose facts are in no KPI.
--
-- Keep: 20s

select
    account_id,
    if(max(touch_model) = '', 'tech', max(touch_model)) as segment,
    max(pays) as is_paying,
    max(tests) as is_test
from (
    select account_id, if(w.to_segment = '', w.segment, w.to_segment) as touch_model, toUInt8(w.closing > 0) as pays, toUInt8(0) as tests
    from cs.account_windows(as_of = {as_of:Date}) as w
    where w.window = '12m'
    union all
    select account_id, '' as touch_model, toUInt8(0) as pays, toUInt8(1) as tests
    from cs.accounts final
    group by account_id
    having argMax(is_test, updated_at)
) as known
group by account_id
