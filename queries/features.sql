-- Features by how many accounts use them.
-- ja: 機能別利用率
--
-- A feature is the name of a usage event; used means at least once in the trailing 28 days by an account that pays at the day.
-- The fifty that most accounts use are shown. Names beyond the setting event_names count as the one feature (other).
--
-- ja: 機能は利用イベントの名前。契約中の顧客が直近28日に一度でも使えば「利用」とする。利用社数の多い50件を示す。
-- ja: 設定event_namesの数を超えるイベント名は、まとめて機能「(other)」とする。
--
-- Columns:
--   day               key   Day.
--   feature           label Name of the event.
--   accounts          gauge Paying accounts that used it.
--   users             gauge Users who used it.
--   adoption_ratio    gauge Accounts that used it over all paying accounts.
--   eligible_accounts gauge Paying accounts.
--
-- Group: Customers, 12
-- Every: 15m

select day, feature, accounts, users, cs_ratio(accounts, eligible_accounts) as adoption_ratio, eligible_accounts
from feature_ranks
