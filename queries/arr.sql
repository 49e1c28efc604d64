-- Annual recurring revenue.
-- ja: 年間経常収益(ARR)
--
-- Sum of the annual contract values of all contracts active at the end of the day, at the exchange rate of the fiscal year.
-- Trials and test accounts are not in it. Contracted (committed) ARR leaves out what has given notice.
--
-- ja: 基準日の終わりに有効な全契約の年間契約額の合計(会計年度の固定レートで換算)。トライアルとテスト用アカウントは含まない。確約
-- ja: ARRは、解約通知を受けた契約を除いたもの。
--
-- Columns:
--   day               key   Day.
--   segment           label Touch-model segment of the account at the day.
--   amount            gauge ARR in the reporting currency.
--   contracted_amount gauge ARR less the contracts that have given notice, in the reporting currency.
--   accounts          gauge Paying accounts.
--   seats             gauge Contracted seats.
--
-- Group: Revenue, 1
-- Every: 5m
-- Stored: by day

select
    g.day as day, g.segment as segment,
    cs_float(a.arr) as amount,
    cs_float(a.contracted_arr) as contracted_amount,
    a.accounts as accounts,
    a.seats as seats
from segments as g
left join (
    select day, segment, sum(s.arr) as arr, sum(s.contracted_arr) as contracted_arr, count() as accounts, sum(s.seats) as seats
    from account_days as s
    where s.is_paying
    group by day, segment
) as a on a.day = g.day and a.segment = g.segment
