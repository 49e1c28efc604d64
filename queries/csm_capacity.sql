-- Capacity of the CSMs by segment.
-- ja: CSM一人当たりの担当社数とARR
--
-- Paying accounts that somebody owns at as_of, over those who own them. A CSM with accounts of two segments is one in each, so
-- the segments' CSMs do not add up to the company's.
--
-- ja: 担当者のいる契約中の顧客数とARRを、担当するCSMの人数で割ったもの。二つのセグメントを担当するCSMはそれぞれに数えるため、人数
-- ja: の合計は全社の人数と一致しない。
--
-- Columns:
--   segment          label Touch-model segment of the accounts at as_of.
--   csms             gauge CSMs who own a paying account of the segment.
--   accounts         gauge Paying accounts that have an owner.
--   arr              gauge Their ARR, in the reporting currency.
--   accounts_per_csm gauge Accounts over CSMs.
--   arr_per_csm      gauge ARR over CSMs, in the reporting currency.
--   max_accounts     gauge Accounts of the CSM who has the most of them.
--
-- Group: Customers, 31
-- Every: 15m

select
    g.segment as segment,
    sum(d.csms) as csms,
    sum(d.accounts) as accounts,
    cs_float(sum(d.arr)) as arr,
    cs_ratio(sum(d.accounts), sum(d.csms)) as accounts_per_csm,
    cs_ratio(sum(d.arr), sum(d.csms)) as arr_per_csm,
    max(d.accounts) as max_accounts
from (select arrayJoin(['high', 'low', 'tech']) as segment) as g
left join cs.csm_capacity_detail(as_of = {as_of:Date}) as d on d.segment = g.segment
group by g.segment
order by segment
