-- Accounts that nobody has touched within their cadence, or whose touch soon falls out of it.
-- ja: 接点が不足している顧客
--
-- Of the accounts that coverage counts: those without a qualifying touch (overdue), and those whose last one falls out of the
-- cadence within 14 days unless somebody touches them. As many as the setting risk_accounts says are named, the largest by ARR;
-- all others are under account (other), by the same segments and days.
--
-- ja: 顧客カバー率の対象のうち、所定の頻度の期間内に有効な接点がない顧客(期限超過)と、このままでは14日以内に期限が切れる顧客。ARRの
-- ja: 大きい順に設定risk_accountsの社数まで名前を示し、残りは同じセグメントと日数ごとに「(other)」にまとめる。
--
-- Columns:
--   day          key   Day.
--   account      label Account; (other) is all the rest.
--   name         label Its display name; the account where it has none; (other) for the rest.
--   csm          label Owner on the day; (other) for the rest.
--   segment      label Touch-model segment whose cadence holds, as in coverage.
--   due          label Days for which the account is still covered: overdue, 0-7d, 8-14d; disjoint.
--   arr          gauge ARR on the day, in the reporting currency.
--   accounts     gauge Accounts: 1, or how many the others are.
--   left_seconds gauge Seconds from the end of the day to the end of the last day that is covered; 0 where overdue, none for the others.
--
-- Group: Customers, 3
-- Every: 15m
-- Stored: by day

select
    day, account, name, csm, segment, due,
    cs_float(sum(d.arr)) as arr,
    sum(d.accounts) as accounts,
    if(account = '(other)', null, any(d.left_seconds)) as left_seconds
from coverage_gaps_detail as d
group by day, account, name, csm, segment, due
