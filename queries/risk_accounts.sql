-- Accounts with most ARR at risk.
-- ja: リスク上位顧客
--
-- The fifty (setting risk_accounts) with most ARR at risk, and all others with any under account (other), so that the sum is
-- that of risk.
--
-- ja: リスクARRの大きい50社(設定risk_accounts)。その他は「(other)」にまとめるので、合計はリスクARRと一致する。
--
-- Columns:
--   day             key   Day.
--   account         label Account; (other) is all the rest.
--   csm             label Owner on the day.
--   segment         label Touch-model segment of the account on the day.
--   arr             gauge ARR at risk, in the reporting currency.
--   accounts        gauge Accounts: 1, or how many the others are.
--   score           gauge Health score, 0 to 100; none for the others.
--   renewal_seconds gauge Seconds from the end of the day until the first of its contracts ends; 0 where it has ended and counts on in a grace period; none for the others.
--
-- Group: Customers, 19
-- Every: 5m
-- Stored: by day

select
    day, account, csm, segment,
    cs_float(sum(d.arr)) as arr,
    sum(d.accounts) as accounts,
    if(account = '(other)', null, any(d.score)) as score,
    if(account = '(other)', null, any(d.renewal_seconds)) as renewal_seconds
from risk_accounts_detail as d
group by day, account, csm, segment
