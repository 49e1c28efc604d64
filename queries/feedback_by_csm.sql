-- What each CSM brought back from customers over trailing windows.
-- ja: CSM別の顧客の声・事例
--
-- As feedback, by who brought it; where it does not say, by the owner of the account on that day. Every CSM who brought
-- something within twelve months is here, with zeros for the other kinds and the shorter windows.
--
-- ja: 持ち帰ったCSM別の件数。記載がなければ、その日の顧客担当者とする。直近12か月に一件でもあるCSMを全て示す。
--
-- Columns:
--   csm    label CSM; (none): nobody.
--   kind   label product_request, use_case_share, case_study.
--   window label Length of the window: 1m, 3m, 12m.
--   items  gauge Items brought.
--
-- Group: Growth and voice, 12
-- Every: 15m

select d.csm as csm, g.kind as kind, g.window as window, sumIf(d.items, d.kind = g.kind and d.window = g.window) as items
from cs.feedback_by_csm_detail(as_of = {as_of:Date}) as d
cross join (
    select arrayJoin(['product_request', 'use_case_share', 'case_study']) as kind, arrayJoin(['1m', '3m', '12m']) as window
) as g
group by d.csm, g.kind, g.window
order by csm, kind, window
