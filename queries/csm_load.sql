-- Load of each CSM.
-- ja: CSM別の担当社数とARR
--
-- Paying accounts by their owner on the day, with their ARR and how much of it is at risk. Who owns no paying account is not here.
--
-- ja: 各CSMが担当する契約中の顧客数とARR、そのうちのリスクARR。担当顧客のいない人は表示しない。
--
-- Columns:
--   day         key   Day.
--   csm         label Owner on the day; (none): nobody.
--   accounts    gauge Paying accounts.
--   arr         gauge Their ARR, in the reporting currency.
--   at_risk_arr gauge ARR at risk, in the reporting currency.
--
-- Group: Customers, 6
-- Every: 5m

select
    day, csm,
    sum(d.accounts) as accounts,
    cs_float(sum(d.arr)) as arr,
    cs_float(sum(d.at_risk_arr)) as at_risk_arr
from csm_load_detail as d
group by day, csm
