-- Annual recurring revenue.
-- ja: 年間経常収益(ARR)
--
-- Sum of the annual contract values of all contracts active at the end of as_of, at the exchange rate of the fiscal year.
-- Trials and test accounts are not in it. Contracted (committed) ARR leaves out what has given notice.
--
-- ja: 基準日の終わりに有効な全契約の年間契約額の合計(会計年度の固定レートで換算)。トライアルとテスト用アカウントは含まない。確約
-- ja: ARRは、解約通知を受けた契約を除いたもの。
--
-- Columns:
--   segment           label Touch-model segment of the account at as_of.
--   amount            gauge ARR in the reporting currency.
--   contracted_amount gauge ARR less the contracts that have given notice, in the reporting currency.
--   accounts          gauge Paying accounts.
--   seats             gauge Contracted seats.
--
-- Group: Revenue, 1
-- Every: 5m

select
    g.segment as segment,
    cs_float(sum(d.amount)) as amount,
    cs_float(sum(d.contracted_amount)) as contracted_amount,
    sum(d.accounts) as accounts,
    sum(d.seats) as seats
from (select distinct segment from cs.segment_windows(as_of = {as_of:Date})) as g
left join cs.arr_detail(as_of = {as_of:Date}) as d on d.segment = g.segment
group by g.segment
order by segment
