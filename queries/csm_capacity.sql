-- Capacity of the CSMs by segment.
-- ja: CSM一人当たりの担当社数とARR
--
-- Paying accounts that somebody owns on the day, over those who own them. A CSM with accounts of two segments is one in each, so
-- the segments' CSMs do not add up to the company's.
--
-- ja: 担当者のいる契約中の顧客数とARRを、担当するCSMの人数で割ったもの。二つのセグメントを担当するCSMはそれぞれに数えるため、人数
-- ja: の合計は全社の人数と一致しない。
--
-- Columns:
--   day              key   Day.
--   segment          label Touch-model segment of the accounts on the day.
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
    g.day as day, g.segment as segment,
    d.csms as csms, d.accounts as accounts, cs_float(d.arr) as arr,
    cs_ratio(d.accounts, d.csms) as accounts_per_csm,
    cs_ratio(d.arr, d.csms) as arr_per_csm,
    d.max_accounts as max_accounts
from segments as g
left join (
    select day, segment, sum(x.csms) as csms, sum(x.accounts) as accounts, sum(x.arr) as arr, max(x.accounts) as max_accounts
    from csm_capacity_detail as x
    group by day, segment
) as d on d.day = g.day and d.segment = g.segment
