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
--   day              key   Day.
--   quick_ratio      gauge ARR won over ARR lost.
--   lifetime_value   gauge ARR per account over annual logo churn, in the reporting currency.
--   arr_growth_ratio gauge Growth of ARR over twelve months.
--   gained_arr       gauge ARR won by new accounts, expansion and reactivation, in the reporting currency.
--   lost_arr         gauge ARR lost by contraction and churn, in the reporting currency.
--   opening_arr      gauge ARR twelve months before the day, in the reporting currency.
--   closing_arr      gauge ARR at the day, in the reporting currency.
--   opening_accounts gauge Accounts that paid twelve months before the day.
--   lost_accounts    gauge Those of them that no longer pay.
--   accounts         gauge Accounts that pay at the day.
--
-- Group: Revenue, 15
-- Every: 15m

select
    p.day as day,
    cs_ratio(d.gained, d.lost) as quick_ratio,
    cs_ratio(d.closing, d.paying) / nullIf(cs_ratio(d.left_accounts, d.opened), 0) as lifetime_value,
    cs_ratio(d.closing - d.opening, d.opening) as arr_growth_ratio,
    cs_float(d.gained) as gained_arr,
    cs_float(d.lost) as lost_arr,
    cs_float(d.opening) as opening_arr,
    cs_float(d.closing) as closing_arr,
    d.opened as opening_accounts,
    d.left_accounts as lost_accounts,
    d.paying as accounts
from policy_days as p
left join (
    select
        day,
        sum(greatest(x.closing - x.opening, toDecimal128(0, 12))) as gained, sum(greatest(x.opening - x.closing, toDecimal128(0, 12))) as lost,
        sum(x.opening) as opening, sum(x.closing) as closing,
        sumIf(x.accounts, x.opening > 0) as opened, sumIf(x.accounts, x.opening > 0 and x.closing = 0) as left_accounts, sumIf(x.accounts, x.closing > 0) as paying
    from window_sums as x
    where window = '12m'
    group by day
) as d on d.day = p.day
