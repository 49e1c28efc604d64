-- Pipeline that Customer Success generated over trailing windows.
-- ja: パイプライン創出(Pipegen)
--
-- Expansion opportunities that CS created in the window, at the amount that they had then. Land and renewal are none:
-- nobody in CS decides whether there is one. An opportunity without an amount counts with 0.
--
-- ja: 期間内にCSが創出した拡大商談(アップセル・クロスセル・エクステンション・Expand)の創出時の金額。Landと更新商談は含まない。金額
-- ja: のない商談は0とする。
--
-- Columns:
--   day           key   Day.
--   segment       label Touch-model segment of the account at the day; where it no longer pays, 12 months ago; else tech.
--   kind          label upsell, cross_sell, extension, expand.
--   window        label Length of the window.
--   amount        gauge Annual amount at creation, in the reporting currency.
--   opportunities gauge Opportunities created.
--
-- Group: Growth and voice, 1
-- Every: 15m
-- Stored: by day

select
    day, segment, kind, window,
    cs_float(sum(d.amount)) as amount,
    sum(d.opportunities) as opportunities
from (
    select day, segment, kind, window, amount, opportunities from pipegen_detail
    union all
    select day, segment, arrayJoin(['upsell', 'cross_sell', 'extension', 'expand']) as kind, window, toDecimal128(0, 12) as amount, 0 as opportunities from segment_windows
) as d
group by day, segment, kind, window
