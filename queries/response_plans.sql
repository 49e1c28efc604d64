-- Accounts at risk that have a response plan.
-- ja: リスク顧客の対応計画(MCP)策定率
--
-- Accounts with ARR at risk that have an action item open on the day, over all accounts with ARR at risk.
--
-- ja: リスクARRのある顧客のうち、未完了の対応項目(対応計画、MCP)がある顧客の割合。
--
-- Columns:
--   day              key   Day.
--   segment          label Touch-model segment of the account on the day.
--   ratio            gauge Planned accounts over accounts at risk.
--   planned_accounts gauge Accounts with ARR at risk and an open action item.
--   at_risk_accounts gauge Accounts with ARR at risk.
--   at_risk_arr      gauge ARR at risk, in the reporting currency.
--   unplanned_arr    gauge ARR at risk of accounts without an open action item, in the reporting currency.
--
-- Group: Customers, 29
-- Every: 15m

select
    g.day as day, g.segment as segment,
    cs_ratio(d.planned_accounts, d.at_risk_accounts) as ratio,
    d.planned_accounts as planned_accounts, d.at_risk_accounts as at_risk_accounts,
    cs_float(d.at_risk_arr) as at_risk_arr, cs_float(d.unplanned_arr) as unplanned_arr
from segments as g
left join (
    select
        day, segment, sum(x.planned_accounts) as planned_accounts, sum(x.at_risk_accounts) as at_risk_accounts,
        sum(x.at_risk_arr) as at_risk_arr, sum(x.unplanned_arr) as unplanned_arr
    from response_plans_detail as x
    group by day, segment
) as d on d.day = g.day and d.segment = g.segment
