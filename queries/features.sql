-- Features by how many accounts and users use them.
-- ja: 機能別利用率
--
-- A feature is the name of a usage event; used means at least once in the trailing 28 days by an account that pays at the day.
-- The fifty that most accounts use are shown. Names beyond the setting event_names count as the one feature (other). Adoption is the share of
-- all paying accounts, also those that use nothing, and that of the users with any event in the 28 days, as Pendo, Amplitude and
-- others have it: users who do not come at all say nothing of a feature. A feature with many accounts and few users has one expert in each.
--
-- ja: 機能は利用イベントの名前。契約中の顧客が直近28日に一度でも使えば「利用」とする。利用社数の多い50件を示す。
-- ja: 設定event_namesの数を超えるイベント名は、まとめて機能「(other)」とする。社数ベースの分母は契約中の全顧客、ユーザーベースの分母は直
-- ja: 近28日に何らかのイベントがあったユーザー。社数が多くユーザーが少ない機能は、各社で一部の担当者だけが使っている。
--
-- Columns:
--   day                 key   Day.
--   feature             label Name of the event.
--   accounts            gauge Paying accounts that used it.
--   users               gauge Users who used it.
--   adoption_ratio      gauge Accounts that used it over all paying accounts.
--   eligible_accounts   gauge Paying accounts.
--   user_adoption_ratio gauge Users who used it over the users of paying accounts with any event in the trailing 28 days.
--   eligible_users      gauge Users of paying accounts with any event in the trailing 28 days.
--
-- Group: Customers, 12
-- Every: 15m

select day, feature, accounts, users, cs_ratio(accounts, eligible_accounts) as adoption_ratio, eligible_accounts, cs_ratio(users, eligible_users) as user_adoption_ratio, eligible_users
from feature_ranks
