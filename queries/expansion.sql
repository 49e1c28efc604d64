-- Expansion of annual recurring revenue over trailing windows, by kind.
-- ja: 既存顧客の拡大(アップセル・クロスセル・エクステンション)
--
-- Growth of the accounts that paid at the start of the window, net of what else they gave up, so that the kinds add up to
-- the movement `expansion`. The kind given by the source wins; else more of a product in a department is upsell, a product
-- in a further department is extension, a further product is cross-sell.
--
-- ja: 期首に契約のあった顧客の増額を種別に分けたもの。同じ顧客の減額と相殺するため、種別の合計は増減の「拡大」と一致する。種別は元
-- ja: データの指定を優先し、なければ、同じ製品・部門の増額はアップセル、同じ製品の別部門への導入はエクステンション、別製品はクロス
-- ja: セルとする。
--
-- Columns:
--   day      key   Day.
--   segment  label Touch-model segment of the account at the start of the window.
--   window   label Length of the window.
--   kind     label upsell, cross_sell, extension.
--   amount   gauge Net expansion, in the reporting currency.
--   accounts gauge Accounts that expanded so.
--
-- Group: Revenue, 9
-- Every: 15m
-- Stored: by day

select
    g.day as day, g.segment as segment, g.window as window, g.kind as kind,
    cs_float(d.amount) as amount,
    d.accounts as accounts
from (select day, segment, window, arrayJoin(['upsell', 'cross_sell', 'extension']) as kind from segment_windows) as g
left join (
    select day, segment, window, kind, sum(x.amount) as amount, count() as accounts
    from expansion_detail as x
    group by day, segment, window, kind
) as d on d.day = g.day and d.segment = g.segment and d.window = g.window and d.kind = g.kind
