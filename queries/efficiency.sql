-- Growth efficiency over the trailing twelve months.
-- ja: 成長効率(クイックレシオ・LTV)
--
-- Quick ratio: ARR won (new, expansion, reactivation) over ARR lost (contraction, churn). Lifetime value: ARR per paying
-- account over the annual logo churn, before costs. Growth: closing over opening ARR less 1, at constant exchange rates.
--
-- ja: クイックレシオは、獲得したARR(新規・拡大・復活)を失ったARR(縮小・解約)で割った値。LTVは、1社当たりARRを年間の解約率(社数)で
-- ja: 割った値(費用は差し引かない)。成長率は12か月前からのARRの伸び(固定レート)。
--
-- Columns:
--   quick_ratio      gauge ARR won over ARR lost.
--   lifetime_value   gauge ARR per account over annual logo churn, in the reporting currency.
--   arr_growth_ratio gauge Growth of ARR over twelve months.
--   gained_arr       gauge ARR won by new accounts, expansion and reactivation, in the reporting currency.
--   lost_arr         gauge ARR lost by contraction and churn, in the reporting currency.
--   opening_arr      gauge ARR twelve months before as_of, in the reporting currency.
--   closing_arr      gauge ARR at as_of, in the reporting currency.
--   opening_accounts gauge Accounts that paid twelve months before as_of.
--   lost_accounts    gauge Those of them that no longer pay.
--   accounts         gauge Accounts that pay at as_of.
--
-- Group: Revenue, 15
-- Every: 15m

select
    cs_ratio(gained, lost) as quick_ratio,
    cs_ratio(closing, paying) / nullIf(cs_ratio(left_accounts, opened), 0) as lifetime_value,
    cs_ratio(closing - opening, opening) as arr_growth_ratio,
    cs_float(gained) as gained_arr,
    cs_float(lost) as lost_arr,
    cs_float(opening) as opening_arr,
    cs_float(closing) as closing_arr,
    opened as opening_accounts,
    left_accounts as lost_accounts,
    paying as accounts
from (
    select
        sum(d.gained_arr) as gained,
        sum(d.lost_arr) as lost,
        sum(d.opening_arr) as opening,
        sum(d.closing_arr) as closing,
        sum(d.opening_accounts) as opened,
        sum(d.lost_accounts) as left_accounts,
        sum(d.accounts) as paying
    from cs.efficiency_detail(as_of = {as_of:Date}) as d
) as totals
