-- Green accounts with room to grow.
-- ja: エクスパンションの兆候
--
-- Accounts whose health is green, by what speaks for more: nine tenths of the seats are used (seats_nearly_full), a fifth
-- more daily users in 28 days than in the 28 before (usage_rising), a fifth more of the quantity that the setting health_quantity names
-- (quantity_rising), a department without a contract uses it (new_department_active), a CSM saw an opportunity in the last 90 days (raised_by_csm), and nobody has an open opportunity to expand
-- (no_open_opportunity). An account may have several.
--
-- ja: ヘルスがグリーンの顧客のうち、拡大の余地がある顧客:シートの9割以上を使用、28日間の利用が前の28日より2割以上増加、設定health_quantityの利用量が2割以上増加、契約のない
-- ja: 部門が利用、CSMが直近90日にチャンスを記録、拡大商談がない。一つの顧客に複数当てはまることがある。
--
-- Columns:
--   day      key   Day.
--   segment  label Touch-model segment of the account at the day.
--   signal   label seats_nearly_full, usage_rising, quantity_rising, new_department_active, raised_by_csm, no_open_opportunity.
--   accounts gauge Green accounts with the signal.
--   arr      gauge Their ARR, in the reporting currency.
--
-- Group: Customers, 28
-- Every: 15m

select
    day, segment, signal,
    sum(d.accounts) as accounts,
    cs_float(sum(d.arr)) as arr
from (
    select day, segment, signal, accounts, arr from expansion_signals_detail
    union all
    select
        day, segment, arrayJoin(['seats_nearly_full', 'usage_rising', 'quantity_rising', 'new_department_active', 'raised_by_csm', 'no_open_opportunity']) as signal,
        0 as accounts, toDecimal128(0, 12) as arr
    from segments
) as d
group by day, segment, signal
