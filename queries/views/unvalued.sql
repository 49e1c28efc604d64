-- ARR that is in no KPI, since its currency has no exchange rate.
-- ja: 為替レートがないため、どのKPIにも含まれないARR
--
-- An account with a contract in a currency without a rate in the fiscal year is left out of every KPI, and counted here. Import
-- a rate for the currency (fx_rates), and the account is back on all days.
--
-- ja: 会計年度のレートがない通貨の契約をもつ顧客は、すべてのKPIから除き、ここに数える。その通貨のレート(fx_rates)を取り込めば、すべての日に戻る。
--
-- Columns:
--   day      key   Day.
--   currency label Currency, ISO 4217.
--   accounts gauge Accounts that are left out because of it.
--   amount   gauge Their ARR in this currency.

select day, currency, count() as accounts, cs_float(sum(u.amount)) as amount
from unvalued_days as u
group by day, currency
