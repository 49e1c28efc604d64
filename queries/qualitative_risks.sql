-- Open qualitative risks by kind.
-- ja: 定性リスク
--
-- Paying accounts with a risk that a person raised and that is open on the day. An account with risks of two kinds is in both,
-- so the kinds do not add up to the accounts at risk. Beyond the twenty most frequent kinds the rest is (other).
--
-- ja: 担当者が登録し、未解決のリスクがある契約中の顧客。2種類のリスクがある顧客はどちらにも数えるため、合計はリスクのある顧客数と
-- ja: 一致しない。多い順に20件を超える種類は「その他」にまとめる。
--
-- Columns:
--   day      key   Day.
--   kind     label Kind of risk, as the source names it.
--   accounts gauge Paying accounts with an open risk of that kind.
--   arr      gauge Their ARR, in the reporting currency.
--
-- Group: Customers, 27
-- Every: 15m
-- Stored: by day

select day, kind, sum(d.accounts) as accounts, cs_float(sum(d.arr)) as arr
from qualitative_risks_detail as d
group by day, kind
