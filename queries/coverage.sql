-- Customer coverage: accounts touched within their cadence.
-- ja: 顧客カバー率
--
-- Accounts with at least one qualifying touch in the cadence of their segment (setting coverage_days: high 30, low 90, tech 180
-- days up to the day) over the accounts that paid on every day of it. Qualifying is what is two-way and held, by whomever:
-- meeting, call, visit and review; for tech touch also e-mail and webinars. Bounds are the 95 % Wilson interval.
--
-- ja: セグメントごとの接点頻度(設定coverage_days:ハイタッチ30日、ロータッチ90日、テックタッチ180日)の期間内に、一度以上有効な接点
-- ja: を持てた顧客の割合。対象は期間中ずっと契約のあった顧客。有効な接点は、実施された双方向のもの(会議・電話・訪問・レビュー)で、
-- ja: 担当者は問わない。テックタッチではメールとウェビナーも数える。上限・下限は95%信頼区間。
--
-- Columns:
--   day               key   Day.
--   segment           label Touch-model segment of the account at the start of the cadence.
--   ratio             gauge Covered accounts over eligible accounts.
--   ratio_lower       gauge Lower 95 % bound of the ratio.
--   ratio_upper       gauge Upper 95 % bound of the ratio.
--   covered_accounts  gauge Eligible accounts that were touched within the cadence.
--   eligible_accounts gauge Accounts that paid on every day of the cadence.
--
-- Group: Customers, 1
-- Every: 15m

select
    g.day as day, g.segment as segment,
    cs_ratio(d.covered_accounts, d.eligible_accounts) as ratio,
    cs_wilson_lower(d.covered_accounts, d.eligible_accounts) as ratio_lower,
    cs_wilson_upper(d.covered_accounts, d.eligible_accounts) as ratio_upper,
    d.covered_accounts as covered_accounts, d.eligible_accounts as eligible_accounts
from segments as g
left join (
    select day, segment, countIf(is_eligible and touches > 0) as covered_accounts, countIf(is_eligible) as eligible_accounts
    from coverage_days
    group by day, segment
) as d on d.day = g.day and d.segment = g.segment
