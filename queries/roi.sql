-- Verified return on investment of customers.
-- ja: ROI実証率
--
-- Accounts that pay at as_of and confirmed by fact, in a value review of the last 365 days, what they gained. The median is of
-- what the latest verified review of each tells; reviews that name no improvement are not in it.
--
-- ja: 契約中の顧客のうち、直近365日のバリューレビューで効果が事実として確認された顧客の割合。改善率の中央値は、顧客ごとの最新の確
-- ja: 認済みレビューによるもので、改善率の記載がないものは含まない。
--
-- Columns:
--   segment               label Touch-model segment of the account at as_of.
--   verified_ratio        gauge Verified over all paying accounts.
--   accounts              gauge Paying accounts.
--   verified_accounts     gauge Those with a verified value review in the last 365 days.
--   improvement_p50_ratio gauge Median improvement of the customers' own measures; 0.2 is 20 %.
--
-- Group: Customers, 24
-- Every: 15m

select
    segment,
    cs_ratio(verified_accounts, accounts) as verified_ratio,
    accounts, verified_accounts,
    if(measured = 0, null, median) as improvement_p50_ratio
from (
    select
        g.segment as segment, sum(d.accounts) as accounts, sum(d.verified_accounts) as verified_accounts,
        countIf(d.improvement_ratio is not null) as measured,
        quantileExactInclusiveIf(0.5)(ifNull(d.improvement_ratio, 0), d.improvement_ratio is not null) as median
    from (select arrayJoin(['high', 'low', 'tech']) as segment) as g
    left join cs.roi_detail(as_of = {as_of:Date}) as d on d.segment = g.segment
    group by g.segment
) as counts
order by segment
