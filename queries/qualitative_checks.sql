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
    g.segment as segment,
    cs_ratio(sum(d.checked_accounts), sum(d.eligible_accounts)) as ratio,
    sum(d.checked_accounts) as checked_accounts,
    sum(d.eligible_accounts) as eligible_accounts,
    sum(d.risk_accounts) as risk_accounts,
    sum(d.opportunity_accounts) as opportunity_accounts
from (select arrayJoin(['high', 'low', 'tech']) as segment) as g
left join cs.qualitative_checks_detail(as_of = {as_of:Date}) as d on d.segment = g.segment
group by g.segment
order by segment
