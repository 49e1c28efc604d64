-- Verified return on investment of customers.
-- ja: ROI実証率
--
-- Accounts that pay on the day and confirmed by fact, in a value review of the last 365 days, what they gained. The median is of
-- what the latest verified review of each tells; reviews that name no improvement are not in it.
--
-- ja: 契約中の顧客のうち、直近365日のバリューレビューで効果が事実として確認された顧客の割合。改善率の中央値は、顧客ごとの最新の確
-- ja: 認済みレビューによるもので、改善率の記載がないものは含まない。
--
-- Columns:
--   day                   key   Day.
--   segment               label Touch-model segment of the account on the day.
--   verified_ratio        gauge Verified over all paying accounts.
--   accounts              gauge Paying accounts.
--   verified_accounts     gauge Those with a verified value review in the last 365 days.
--   improvement_p50_ratio gauge Median improvement of the customers' own measures; 0.2 is 20 %.
--
-- Group: Customers, 24
-- Every: 15m

select
    g.day as day, g.segment as segment,
    cs_ratio(d.verified_accounts, d.accounts) as verified_ratio,
    d.accounts as accounts, d.verified_accounts as verified_accounts,
    if(d.measured = 0, null, d.median) as improvement_p50_ratio
from segments as g
left join (
    select
        day, segment, sum(x.accounts) as accounts, sum(x.verified_accounts) as verified_accounts,
        countIf(x.improvement_ratio is not null) as measured,
        quantileExactInclusiveIf(0.5)(ifNull(x.improvement_ratio, 0), x.improvement_ratio is not null) as median
    from roi_detail as x
    group by day, segment
) as d on d.day = g.day and d.segment = g.segment
