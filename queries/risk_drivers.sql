-- What drives the risk of the accounts that are named.
-- ja: リスク要因
--
-- The three that weigh most for each account that risk_accounts or health_declines names: first that notice was given, then
-- a band set to red by hand, then open risks of severity 2 and 3, then the measures of the health score by the points
-- that they cost. account_health_drivers has all measures of all accounts.
--
-- ja: リスク上位またはヘルス悪化として名前の挙がる顧客について、影響の大きい要因を3つまで示す。順は、解約通知、手動でのレッド設定、
-- ja: 重大度2以上の未解決の定性リスク、スコアの失点が大きい指標。全顧客の全指標はaccount_health_driversで分かる。
--
-- Columns:
--   day     key   Day.
--   account label Account.
--   name    label Its display name; the account where it has none.
--   csm     label Owner on the day.
--   driver  label notice_given, set_by_hand, risk_ and the kind of an open risk, or a measure of the health score.
--   rank    gauge Place among the drivers of the account, 1 to 3.
--   points  gauge Points of the health score that it costs; 0 for what is no measure.
--
-- Group: Customers, 20
-- Every: 15m
-- Stored: by day

select
    day, account, name, csm, driver,
    sum(d.rank) as rank,
    cs_float(sum(d.points)) as points
from risk_drivers_detail as d
group by day, account, name, csm, driver
