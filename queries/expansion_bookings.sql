-- Expansion opportunities won over trailing windows.
-- ja: エクスパンション受注
--
-- By the day of the decision and the amount at the day, whoever created them; those that CS created are also shown apart, so
-- that pipeline that never becomes a booking is seen. Land and renewal are no expansion.
--
-- ja: 期間内に受注した拡大商談。決定日と基準日時点の金額で、創出者を問わず数える。CSが創出したものは別にも示し、受注につながらない
-- ja: パイプラインが分かるようにする。Landと更新は含まない。
--
-- Columns:
--   day                      key   Day.
--   segment                  label Touch-model segment of the account at the day; where it no longer pays, 12 months ago; else tech.
--   kind                     label upsell, cross_sell, extension, expand.
--   window                   label Length of the window.
--   amount                   gauge Annual amount won, in the reporting currency.
--   opportunities            gauge Opportunities won.
--   originated_amount        gauge Annual amount won of opportunities that CS created, in the reporting currency.
--   originated_opportunities gauge Opportunities won that CS created.
--
-- Group: Growth and voice, 5
-- Every: 15m
-- Stored: by day

select
    day, segment, kind, window,
    cs_float(sum(d.amount)) as amount,
    sum(d.opportunities) as opportunities,
    cs_float(sum(d.originated_amount)) as originated_amount,
    sum(d.originated_opportunities) as originated_opportunities
from (
    select day, segment, kind, window, amount, opportunities, originated_amount, originated_opportunities from expansion_bookings_detail
    union all
    select
        day, segment, arrayJoin(['upsell', 'cross_sell', 'extension', 'expand']) as kind, window,
        toDecimal128(0, 12) as amount, 0 as opportunities, toDecimal128(0, 12) as originated_amount, 0 as originated_opportunities
    from segment_windows
) as d
group by day, segment, kind, window
