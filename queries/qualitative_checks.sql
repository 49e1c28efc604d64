-- Qualitative health checks done.
-- ja: 定性ヘルスチェック実施率
--
-- Whatever usage says, a person is to look: accounts with a qualifying touch (as for coverage) of which the impression was
-- noted, or with a risk raised, within the cadence of their segment, over the accounts that paid on every day of it.
--
-- ja: 利用状況が良くても、人の目で確認する。有効な接点で所感が記録された顧客、またはリスクが登録された顧客の割合。期間はセグメント
-- ja: ごとの接点頻度、対象は期間中ずっと契約のあった顧客。
--
-- Columns:
--   day                  key   Day.
--   segment              label Touch-model segment of the account at the start of the cadence.
--   ratio                gauge Checked accounts over eligible accounts.
--   checked_accounts     gauge Eligible accounts that were checked within the cadence.
--   eligible_accounts    gauge Accounts that paid on every day of the cadence.
--   risk_accounts        gauge Those checked with an impression of risk or a risk raised.
--   opportunity_accounts gauge Those checked with an impression of an opportunity.
--
-- Group: Customers, 26
-- Every: 15m

select
    g.day as day, g.segment as segment,
    cs_ratio(d.checked_accounts, d.eligible_accounts) as ratio,
    d.checked_accounts as checked_accounts, d.eligible_accounts as eligible_accounts,
    d.risk_accounts as risk_accounts, d.opportunity_accounts as opportunity_accounts
from segments as g
left join (
    select
        day, segment, sum(x.checked_accounts) as checked_accounts, sum(x.eligible_accounts) as eligible_accounts,
        sum(x.risk_accounts) as risk_accounts, sum(x.opportunity_accounts) as opportunity_accounts
    from qualitative_checks_detail as x
    group by day, segment
) as d on d.day = g.day and d.segment = g.segment
