-- Readiness of the renewals ahead.
-- ja: 更新準備率
--
-- Accounts with a contract due within 90 days that were touched in the last 60 days and whose value was reviewed in the
-- last 365, over all accounts with a contract due. A touch is a meeting, call, visit or review; for tech touch also e-mail
-- and webinars.
--
-- ja: 90日以内に更新を迎える顧客のうち、直近60日に接点があり、直近365日に導入効果を確認(バリューレビュー)した顧客の割合。接点は会
-- ja: 議・電話・訪問・レビュー。テックタッチではメールとウェビナーも数える。
--
-- Columns:
--   day            key   Day.
--   segment        label Touch-model segment of the account at the day.
--   ratio          gauge Ready accounts over due accounts.
--   ready_accounts gauge Accounts that are ready.
--   due_accounts   gauge Accounts with a contract due within 90 days.
--
-- Group: Revenue, 12
-- Every: 15m
-- Stored: by day

select
    g.day as day, g.segment as segment,
    cs_ratio(d.ready_accounts, d.due_accounts) as ratio,
    d.ready_accounts as ready_accounts, d.due_accounts as due_accounts
from segments as g
left join (
    select day, segment, sum(x.ready_accounts) as ready_accounts, sum(x.due_accounts) as due_accounts
    from renewal_readiness_detail as x
    group by day, segment
) as d on d.day = g.day and d.segment = g.segment
