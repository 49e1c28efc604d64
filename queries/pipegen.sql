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
--   segment       label Touch-model segment of the account at as_of; where it no longer pays, 12 months ago; else tech.
--   kind          label upsell, cross_sell, extension, expand.
--   window        label Length of the window: 1m, 3m, 12m.
--   amount        gauge Annual amount at creation, in the reporting currency.
--   opportunities gauge Opportunities created.
--
-- Group: Growth and voice, 1
-- Every: 15m

select
    g.segment as segment, g.kind as kind, g.window as window,
    cs_float(sum(d.amount)) as amount,
    sum(d.opportunities) as opportunities
from (
    select segment, window, arrayJoin(['upsell', 'cross_sell', 'extension', 'expand']) as kind
    from cs.segment_windows(as_of = {as_of:Date})
) as g
left join cs.pipegen_detail(as_of = {as_of:Date}) as d on d.segment = g.segment and d.kind = g.kind and d.window = g.window
group by g.segment, g.kind, g.window
order by segment, kind, window
