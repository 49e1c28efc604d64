-- Features by how many accounts use them.
-- ja: 機能別利用率
--
-- A feature is the name of a usage event; used means at least once in the trailing 28 days by an account that pays at as_of.
-- The fifty that most accounts use are shown. Names beyond the setting event_names count as the one feature (other).
--
-- ja: 機能は利用イベントの名前。契約中の顧客が直近28日に一度でも使えば「利用」とする。利用社数の多い50件を示す。
-- ja: 設定event_namesの数を超えるイベント名は、まとめて機能「(other)」とする。
--
-- Columns:
--   feature           label Name of the event.
--   accounts          gauge Paying accounts that used it.
--   users             gauge Users who used it.
--   adoption_ratio    gauge Accounts that used it over all paying accounts.
--   eligible_accounts gauge Paying accounts.
--
-- Group: Customers, 12
-- Every: 15m

select
    feature,
    sum(d.accounts) as accounts,
    sum(d.users) as users,
    cs_ratio(sum(d.accounts), any(d.eligible_accounts)) as adoption_ratio,
    any(d.eligible_accounts) as eligible_accounts
from cs.features_detail(as_of = {as_of:Date}) as d
group by feature
order by feature
