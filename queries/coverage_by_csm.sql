-- Customer coverage by CSM.
-- ja: 顧客カバー率(担当別)
--
-- Coverage of the accounts that each CSM owns on the day. A touch of the owner before counts for the account, and so for who
-- owns it now: what is asked is whether the customer was looked after. Bounds are the 95 % Wilson interval.
--
-- ja: 各CSMが現在担当する顧客の顧客カバー率。前任者による接点も顧客への接点として現在の担当者に数える。問うのは、その顧客に目が届
-- ja: いていたかどうか。上限・下限は95%信頼区間。
--
-- Columns:
--   day               key   Day.
--   csm               label Owner of the account on the day; (none) where nobody is.
--   ratio             gauge Covered accounts over eligible accounts.
--   ratio_lower       gauge Lower 95 % bound of the ratio.
--   ratio_upper       gauge Upper 95 % bound of the ratio.
--   covered_accounts  gauge Eligible accounts that were touched within the cadence.
--   eligible_accounts gauge Accounts that paid on every day of the cadence.
--
-- Group: Customers, 2
-- Every: 15m
-- Stored: by day

select
    day, csm,
    cs_ratio(covered, eligible) as ratio,
    cs_wilson_lower(covered, eligible) as ratio_lower,
    cs_wilson_upper(covered, eligible) as ratio_upper,
    covered as covered_accounts, eligible as eligible_accounts
from (
    select day, csm, sum(d.covered_accounts) as covered, sum(d.eligible_accounts) as eligible
    from coverage_by_csm_detail as d
    group by day, csm
) as counts
