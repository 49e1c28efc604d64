-- Amounts that are in no KPI, since their currency has no exchange rate.
-- ja: 為替レートがないため、どのKPIにも含まれない金額
--
-- An account with a contract in a currency without a rate in the fiscal year is left out of every KPI, and counted here; so is an opportunity with an
-- amount in such a currency. Import a rate for the currency (fx_rates), and they are back on all days.
--
-- ja: 会計年度のレートがない通貨の契約をもつ顧客と、その通貨の金額をもつ商談は、すべてのKPIから除き、ここに数える。その通貨のレート(fx_rates)を取り込めば、
-- ja: すべての日に戻る。
--
-- Columns:
--   day           key   Day.
--   kind          label account or opportunity.
--   currency      label Currency, ISO 4217.
--   accounts      gauge Accounts that are left out because of it.
--   opportunities gauge Opportunities that are left out because of it.
--   amount        gauge Their ARR or amount in this currency.
--
-- Group: Targets and data, 5
-- Every: 15m

select
    day, kind, currency, sum(u.accounts) as accounts, sum(u.opportunities) as opportunities, cs_float(sum(u.amount)) as amount
from unvalued_detail as u
group by day, kind, currency
