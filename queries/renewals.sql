-- Renewals ahead and overdue.
-- ja: 更新予定
--
-- Contracts whose own end lies within 90 days, and those that ended without a word within the days that the setting
-- renewal_overdue_days allows. ARR at risk is what is due and not green.
--
-- ja: 90日以内に終了する契約と、更新の連絡がないまま終了した契約(設定renewal_overdue_daysの日数以内)。期限が近く、ヘルスがグリーン
-- ja: でないものがリスクARRとなる。
--
-- Columns:
--   day       key   Day.
--   segment   label Touch-model segment of the account at the day.
--   due       label Days until the first day no longer covered: overdue, 0-30d, 31-60d, 61-90d; disjoint.
--   band      label Health band of the account: red, yellow, green, unknown.
--   arr       gauge Annual value of the contracts due, in the reporting currency.
--   contracts gauge Contracts due.
--
-- Group: Revenue, 10
-- Every: 15m
-- Stored: by day

select
    g.day as day, g.segment as segment, g.due as due, g.band as band,
    cs_float(d.arr) as arr,
    d.contracts as contracts
from (
    select day, segment, arrayJoin(['overdue', '0-30d', '31-60d', '61-90d']) as due, arrayJoin(['red', 'yellow', 'green', 'unknown']) as band
    from segments
) as g
left join (
    select day, segment, due, band, sum(x.arr) as arr, sum(x.contracts) as contracts
    from renewals_detail as x
    group by day, segment, due, band
) as d on d.day = g.day and d.segment = g.segment and d.due = g.due and d.band = g.band
