-- Quantities in the usage events of paying accounts, such as calls, gigabytes or errors.
-- ja: 利用量(呼び出し数・データ量・エラー数など)
--
-- What properties of events say in numbers (setting event_quantities), in the trailing 28 days: the sum, the mean of the events that have it, and
-- the largest. A property that is no number says nothing. The health measure quantity and the signal quantity_rising look at one of them
-- (setting health_quantity).
--
-- ja: 利用イベントのプロパティの数値(設定event_quantities)を直近28日で集計する。合計、そのプロパティをもつイベントの平均、最大。数値でない
-- ja: プロパティは無視する。ヘルスの指標quantityとシグナルquantity_risingは、設定health_quantityで選んだ1つを使う。
--
-- Columns:
--   day            key   Day.
--   segment        label Touch-model segment of the account on the day.
--   quantity       label Quantity.
--   value          gauge Sum in the trailing 28 days, in the unit of the property.
--   previous_value gauge Sum in the 28 days before, in the unit of the property.
--   mean_value     gauge Mean of the events that have it, in the unit of the property.
--   largest_value  gauge Largest value in one event, in the unit of the property.
--   events         gauge Events that have it.
--   accounts       gauge Paying accounts with such events.
--
-- Group: Customers, 43
-- Every: 15m

select
    day, segment, quantity, cs_float(sum(d.value)) as value, cs_float(sum(d.previous_value)) as previous_value,
    cs_ratio(sum(d.value), sum(d.events)) as mean_value, max(d.largest_value) as largest_value, sum(d.events) as events, sum(d.accounts) as accounts
from usage_quantities_detail as d
group by day, segment, quantity
