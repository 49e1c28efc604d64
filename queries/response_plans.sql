-- Accounts at risk that have a response plan.
-- ja: リスク顧客の対応計画(MCP)策定率
--
-- Accounts with ARR at risk that have an action item open at as_of, over all accounts with ARR at risk.
--
-- ja: リスクARRのある顧客のうち、未完了の対応項目(対応計画、MCP)がある顧客の割合。
--
-- Columns:
--   segment          label Touch-model segment of the account at as_of.
--   ratio            gauge Planned accounts over accounts at risk.
--   planned_accounts gauge Accounts with ARR at risk and an open action item.
--   at_risk_accounts gauge Accounts with ARR at risk.
--   at_risk_arr      gauge ARR at risk, in the reporting currency.
--   unplanned_arr    gauge ARR at risk of accounts without an open action item, in the reporting currency.
--
-- Group: Customers, 29
-- Every: 15m

select
    g.segment as segment,
    cs_ratio(sum(d.planned_accounts), sum(d.at_risk_accounts)) as ratio,
    sum(d.planned_accounts) as planned_accounts,
    sum(d.at_risk_accounts) as at_risk_accounts,
    cs_float(sum(d.at_risk_arr)) as at_risk_arr,
    cs_float(sum(d.unplanned_arr)) as unplanned_arr
from (select arrayJoin(['high', 'low', 'tech']) as segment) as g
left join cs.response_plans_detail(as_of = {as_of:Date}) as d on d.segment = g.segment
group by g.segment
order by segment
