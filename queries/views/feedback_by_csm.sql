-- What each CSM brought back from customers over trailing windows.
-- ja: CSM別の顧客の声・事例
--
-- As feedback, by who brought it; where it does not say, by the owner of the account on that day. Every CSM who brought
-- something within twelve months is here, with zeros for the other kinds and the shorter windows.
--
-- ja: 持ち帰ったCSM別の件数。記載がなければ、その日の顧客担当者とする。直近12か月に一件でもあるCSMを全て示す。
--
-- Columns:
--   day    key   Day.
--   csm    label CSM; (none): nobody.
--   kind   label product_request, use_case_share, case_study.
--   window label Length of the window.
--   items  gauge Items brought.
--
-- Group: Growth and voice, 12
-- Every: 15m

select day, csm, kind, window, sum(d.items) as items
from (
    select day, csm, kind, window, items from feedback_by_csm_detail
    union all
    -- Every CSM who brought something in twelve months, with every kind and window, so that what is zero is shown as zero.
    select c.day as day, c.csm as csm, c.kind as kind, w.window as window, 0 as items
    from (
        select day, csm, arrayJoin(['product_request', 'use_case_share', 'case_study']) as kind
        from (select day, csm from feedback_by_csm_detail where window = '12m' group by day, csm) as known
    ) as c
    join windows as w on w.day = c.day
) as d
group by day, csm, kind, window
