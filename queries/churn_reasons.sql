-- Churned accounts by reason and fiscal year.
-- ja: 解約理由
--
-- Every time that an account's ARR reached zero in the last five fiscal years, by the primary reason; unknown is a reason.
-- Beyond the twenty most frequent reasons the rest is (other). The share is of all that left in the fiscal year.
--
-- ja: 直近5会計年度に顧客のARRがゼロになった全件を、主な理由別に数えたもの。理由不明も一つの理由とする。多い順に20件を超える理由は
-- ja: 「その他」にまとめる。割合はその会計年度の解約全体に対するもの。
--
-- Columns:
--   day           key   Day.
--   fiscal_year   label Fiscal year, named by the year in which it ends.
--   reason        label Primary reason of the largest contract that ended.
--   accounts      gauge Accounts that left.
--   arr           gauge ARR that they had paid, in the reporting currency.
--   share_ratio   gauge Accounts over lost accounts.
--   lost_accounts gauge Accounts that left in the fiscal year for whatever reason.
--
-- Group: Revenue, 13
-- Every: 1h
-- Stored: by day

select
    r.day as day, r.fiscal_year as fiscal_year, r.reason as reason,
    r.accounts as accounts,
    cs_float(r.arr) as arr,
    cs_ratio(r.accounts, y.lost_accounts) as share_ratio,
    y.lost_accounts as lost_accounts
from (
    select day, fiscal_year, reason, sum(d.accounts) as accounts, sum(d.arr) as arr
    from churn_reasons_detail as d
    group by day, fiscal_year, reason
) as r
join (
    select e.day as day, e.fiscal_year as fiscal_year, sum(e.accounts) as lost_accounts
    from churn_events as e
    group by day, fiscal_year
) as y on y.day = r.day and y.fiscal_year = r.fiscal_year
