-- Expansion opportunities won over trailing windows.
-- ja: エクスパンション受注
--
-- By the day of the decision and the amount at as_of, whoever created them; those that CS created are also told apart, so
-- that pipeline that never becomes a booking is seen. Land and renewal are no expansion.
--
-- ja: 期間内に受注した拡大商談。決定日と基準日時点の金額で、創出者を問わず数える。CSが創出したものは別にも示し、受注につながらない
-- ja: パイプラインが分かるようにする。Landと更新は含まない。
--
-- Columns:
--   segment                  label Touch-model segment of the account at as_of; where it no longer pays, 12 months ago; else tech.
--   kind                     label upsell, cross_sell, extension, expand.
--   window                   label Length of the window: 1m, 3m, 12m.
--   amount                   gauge Annual amount won, in the reporting currency.
--   opportunities            gauge Opportunities won.
--   originated_amount        gauge Annual amount won of opportunities that CS created, in the reporting currency.
--   originated_opportunities gauge Opportunities won that CS created.
--
-- Group: Growth and voice, 5
-- Every: 15m

select
    g.segment as segment, g.kind as kind, g.window as window,
    cs_float(sum(d.amount)) as amount,
    sum(d.opportunities) as opportunities,
    cs_float(sum(d.originated_amount)) as originated_amount,
    sum(d.originated_opportunities) as originated_opportunities
from (
    select segment, window, arrayJoin(['upsell', 'cross_sell', 'extension', 'expand']) as kind
    from cs.segment_windows(as_of = {as_of:Date})
) as g
left join cs.expansion_bookings_detail(as_of = {as_of:Date}) as d on d.segment = g.segment and d.kind = g.kind and d.window = g.window
group by g.segment, g.kind, g.window
order by segment, kind, window
