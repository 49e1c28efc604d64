-- Accounts and ARR by health band.
-- ja: ヘルス別の社数とARR
--
-- Paying accounts by the band of their health score: green, yellow or red by the settings, unknown where too little is
-- measured. A risk that a person raised caps the band, and a band set by hand holds until it expires.
-- account_health_drivers lists what an account's score is made of.
--
-- ja: 契約中の顧客を、ヘルススコアの帯ごとに数えたもの。グリーン・イエロー・レッドの境は設定による。測れている指標が少なすぎる顧客
-- ja: は「不明」。担当者が登録したリスクは帯の上限となり、手動で設定した帯は期限まで有効。スコアの内訳はaccount_health_drivers
-- ja: で分かる。
--
-- Columns:
--   day      key   Day.
--   segment  label Touch-model segment of the account on the day.
--   band     label red, yellow, green, unknown.
--   accounts gauge Paying accounts.
--   arr      gauge Their ARR, in the reporting currency.
--
-- Group: Customers, 13
-- Every: 5m

select g.day as day, g.segment as segment, b.1 as band, h.band_accounts[b.2] as accounts, cs_float(h.band_arr[b.2]) as arr
from segments as g
left join health_sums as h on h.day = g.day and h.segment = g.segment
array join [('red', 1), ('yellow', 2), ('green', 3), ('unknown', 4)] as b
