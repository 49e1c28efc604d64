-- Accounts with most ARR at risk.
-- ja: リスク上位顧客
--
-- The fifty (setting risk_accounts) with most ARR at risk, and all others with any under account (other), so that the sum is
-- that of cs.risk.
--
-- ja: リスクARRの大きい50社(設定risk_accounts)。その他は「(other)」にまとめるので、合計はリスクARRと一致する。
--
-- Columns:
--   account         label Account; (other) is all the rest.
--   csm             label Owner at as_of.
--   segment         label Touch-model segment of the account at as_of.
--   arr             gauge ARR at risk, in the reporting currency.
--   accounts        gauge Accounts: 1, or how many the others are.
--   score           gauge Health score, 0 to 100; none for the others.
--   renewal_seconds gauge Seconds from the end of as_of until the first of its contracts ends; none for the others.
--
-- Group: Customers, 19
-- Every: 5m

select
    account, csm, segment,
    cs_float(sum(d.arr)) as arr,
    sum(d.accounts) as accounts,
    if(account = '(other)', null, any(d.score)) as score,
    if(account = '(other)', null, any(d.renewal_seconds)) as renewal_seconds
from cs.risk_accounts_detail(as_of = {as_of:Date}) as d
group by account, csm, segment
order by account, csm, segment
